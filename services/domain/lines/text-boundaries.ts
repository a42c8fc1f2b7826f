import { isContinuation } from "./continuation-line.ts";
import { beginsWithTime } from "./line-head.ts";
import { levelAt } from "./line-level.ts";
import { beginStackTrace, isLastWord, type StackTrace } from "./stack-trace.ts";

/**
 * What a line is to the record before it.
 *
 * - `begins`: it is the first line of another record.
 * - `follows`: it is one more line of that record.
 * - `joins`: the same, and so are all lines that wait.
 * - `may_begin`, `may_follow`: it waits; should no later line join, it begins a record, or follows the line before it.
 */
export type LineVerdict = "begins" | "follows" | "joins" | "may_begin" | "may_follow";

/** Finds out, line by line, which lines are one record. */
export interface RecordBoundaries {
  /** Takes the next line, without its line break. The first one begins a record, as does the first after `forget`. */
  judge(line: string): LineVerdict;
  /** Lines that wait are what they are otherwise: no later line joins them. */
  stopWaiting(): void;
  /** The same, and no line belongs to the ones before any more. */
  forget(): void;
  /** What still counts after `forget`. Others that begin with it judge as these would then. */
  readonly memory: readonly boolean[];
}

/**
 * The rules for plain text. Stack traces stay one record, and indented lines belong to the one before.
 *
 * `times`: also, once a line has begun with a time, lines without one belong to the record before: so servers write records
 * of several lines. What a program writes when it ends begins a record even then.
 */
export class TextBoundaries implements RecordBoundaries {
  private readonly beginsRecord: (line: string) => boolean;
  private readonly times: boolean;
  private timesSeen: boolean;
  private trace: StackTrace | undefined;
  /** The line before this one, where it is the first of a record, or may be. */
  private firstLine: string | undefined;
  private hasRecord = false;

  constructor(beginsRecord: (line: string) => boolean, times: boolean, memory: readonly boolean[] = []) {
    this.beginsRecord = beginsRecord;
    this.times = times;
    this.timesSeen = memory[0] ?? false;
  }

  get memory(): readonly boolean[] {
    return [this.timesSeen];
  }

  judge(line: string): LineVerdict {
    const isPart = isContinuation(line);
    const hasTime = this.times && !isPart && beginsWithTime(line);
    if (hasTime) this.timesSeen = true;
    if (!this.hasRecord || hasTime) return this.begin(line);
    const verdict = this.timesSeen ? this.timedVerdict(line) : this.untimedVerdict(line, isPart);
    if (verdict === "begins") return this.begin(line);
    this.firstLine = verdict === "may_begin" ? line : undefined;
    return verdict;
  }

  stopWaiting(): void {
    this.trace = undefined;
  }

  forget(): void {
    this.stopWaiting();
    this.hasRecord = false;
    this.firstLine = undefined;
  }

  private begin(line: string): LineVerdict {
    this.hasRecord = true;
    this.trace = this.timesSeen && !isLastWord(line) ? undefined : beginStackTrace(line);
    this.firstLine = line;
    return "begins";
  }

  private timedVerdict(line: string): LineVerdict {
    const isOfTrace = this.trace?.next(line) === "joins";
    return isLastWord(line) && !isOfTrace ? "begins" : "follows";
  }

  private untimedVerdict(line: string, isPart: boolean): LineVerdict {
    const { trace } = this;
    const begun = beginStackTrace(line);
    const verdict = trace?.next(line) ?? "ends";
    // Python's may begin with an indented line, as others go on.
    const isAnother = begun?.kind === "python" && trace?.kind !== "python";
    if (verdict === "joins" && !isAnother) return "joins";
    if (verdict === "waits" && !this.beginsAnother(line, begun)) return isPart ? "may_follow" : "may_begin";
    this.trace = undefined;
    if (begun) return this.beginTrace(begun);
    return isPart || !this.beginsRecord(line) ? "follows" : "begins";
  }

  /** In the message of an exception another one may be told of. Before the first frame it is more likely one of its own. */
  private beginsAnother(line: string, begun: StackTrace | undefined): boolean {
    if (begun === undefined) return false;
    return isLastWord(line) || !this.trace?.isCertain || begun.kind !== this.trace.kind;
  }

  private beginTrace(trace: StackTrace): LineVerdict {
    const isTold = trace.followsRecord && this.firstLine !== undefined && levelAt(this.firstLine, 0) !== undefined;
    if (!isTold) return "begins";
    this.trace = trace;
    return "follows";
  }
}
