import { SEND_REASONS_COUNTED_MAX, SEND_REJECTS_TOLD_MAX } from "../../services/domain/limits.ts";
import type { LineProblem } from "../../services/domain/lines/line-format.ts";
import type { LinePlace } from "./line-records.ts";

/** Lines that are not kept, or not as their format would have it. */
export interface ToldProblem extends LineProblem {
  /** The source, as people know it. */
  file: string;
  /** The first of its lines. */
  line: number;
}

/** Problems of one reason: how many lines have one, and the first of them. */
export interface ReasonProblems {
  lines: number;
  first: ToldProblem;
}

/** Problems as they are told: the first of all one by one, and the most frequent reasons. */
export class ProblemCounts {
  readonly told: ToldProblem[] = [];
  /** Of all of them. */
  lines = 0;
  private readonly byReason = new Map<string, ReasonProblems>();

  add(problem: ToldProblem, lines: number): void {
    this.lines += lines;
    if (this.told.length < SEND_REJECTS_TOLD_MAX) this.told.push(problem);
    const reason = reasonOf(problem);
    const same = this.byReason.get(reason);
    if (same) same.lines += lines;
    else if (this.byReason.size < SEND_REASONS_COUNTED_MAX) this.byReason.set(reason, { lines, first: problem });
  }

  /** The most frequent ones first, of those that are counted. */
  get reasons(): ReasonProblems[] {
    return [...this.byReason.values()].sort((one, other) => other.lines - one.lines);
  }
}

/** Without the values in it, which differ from line to line. */
function reasonOf({ field, reason }: LineProblem): string {
  return `${field} ${reason.replace(/"[^"]*"/g, '""').replace(/\d[\d.,]*/g, "0")}`;
}

/** What became of all lines of a call. Every line that was read is in one of them: empty, kept, rejected or unacknowledged. */
export class SendTotals {
  /** All that were read. */
  lines = 0;
  /** Those without anything in them, which are no record. */
  emptyLines = 0;
  keptLines = 0;
  keptRecords = 0;
  /** Of the kept ones, those that are only text, since their format could not read them. */
  readonly keptAsText = new ProblemCounts();
  /** By us or by the server, for ever. */
  readonly rejected = new ProblemCounts();
  /** Those of records that were handed over to be sent, and of which nothing is known yet. */
  waitingLines = 0;

  /** Lines that are neither kept nor rejected: not sent, or sent without an answer, which may be kept all the same. */
  get unacknowledgedLines(): number {
    return this.lines - this.emptyLines - this.keptLines - this.rejected.lines;
  }

  keep(file: string, { line, lines }: LinePlace, keptAsText: LineProblem | undefined): void {
    this.keptRecords += 1;
    this.keptLines += lines;
    if (keptAsText) this.keptAsText.add({ file, line, ...keptAsText }, lines);
  }

  reject(file: string, { line, lines }: LinePlace, { field, reason }: LineProblem): void {
    this.rejected.add({ file, line, field, reason }, lines);
  }
}
