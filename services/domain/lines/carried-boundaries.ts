import { isContinuation } from "./continuation-line.ts";
import { type LineVerdict, type RecordBoundaries, TextBoundaries } from "./text-boundaries.ts";

/** A line of a program as somebody else has written it down, with a head of his own. */
export interface CarriedLine {
  /** Who wrote it, in any form: lines of one record have one source. */
  source: string;
  /** What the program wrote. */
  content: string;
  /** The program's line goes on in the next one of this source. */
  isPartial: boolean;
}

/** How a format carries lines. */
export interface Carrier {
  /** Undefined for a line without such a head. */
  unwrap(line: string): CarriedLine | undefined;
  /** Whether lines without a head belong to the record before. */
  bareLinesFollow: boolean;
  /** Whether times in the contents tell where records begin. */
  times: boolean;
  /** Sources whose contents are told apart by what came before; of others only the last one is known. */
  lastingSources: readonly string[];
}

/**
 * The rules for lines that carry the lines of programs: those of plain text, for the contents. A line of another source
 * begins a record.
 */
export class CarriedBoundaries implements RecordBoundaries {
  private readonly carrier: Carrier;
  private readonly lasting: Map<string, TextBoundaries>;
  private readonly other: TextBoundaries;
  private last: { line: CarriedLine | undefined; verdict: LineVerdict } | undefined;

  constructor(carrier: Carrier, memory: readonly boolean[] = []) {
    this.carrier = carrier;
    const remembering = (at: number) => newTextBoundaries(carrier, memory.slice(at, at + 1));
    this.other = remembering(0);
    this.lasting = new Map(carrier.lastingSources.map((source, index) => [source, remembering(index + 1)]));
  }

  get memory(): readonly boolean[] {
    return [this.other, ...this.lasting.values()].flatMap(({ memory }) => memory);
  }

  judge(line: string): LineVerdict {
    const carried = this.carrier.unwrap(line);
    const verdict = this.verdictOf(carried, line);
    const isHeadless = carried === undefined && this.carrier.bareLinesFollow && this.last?.line !== undefined;
    this.last = { line: isHeadless ? this.last?.line : carried, verdict };
    return verdict;
  }

  stopWaiting(): void {
    for (const boundaries of [...this.lasting.values(), this.other]) boundaries.stopWaiting();
  }

  forget(): void {
    this.last = undefined; // So the next line has another source than the one before.
  }

  private verdictOf(carried: CarriedLine | undefined, line: string): LineVerdict {
    const before = this.last;
    if (carried === undefined && before?.line !== undefined && this.carrier.bareLinesFollow) {
      return before.verdict === "may_begin" || before.verdict === "may_follow" ? "may_follow" : "follows";
    }
    const boundaries = this.boundariesOf(carried);
    const isSame = before !== undefined && before.line?.source === carried?.source;
    if (!isSame) boundaries.forget();
    else if (before.line?.isPartial) {
      return before.verdict === "may_begin" || before.verdict === "may_follow" ? "may_follow" : "follows";
    }
    return boundaries.judge(carried?.content ?? line);
  }

  private boundariesOf(carried: CarriedLine | undefined): TextBoundaries {
    return (carried && this.lasting.get(carried.source)) ?? this.other;
  }
}

function newTextBoundaries({ times }: Carrier, memory: readonly boolean[]): TextBoundaries {
  return new TextBoundaries((content) => !isContinuation(content), times, memory);
}
