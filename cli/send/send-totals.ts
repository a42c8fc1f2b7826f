import { SEND_FIELDS_COUNTED_MAX, SEND_REJECTS_TOLD_MAX } from "../../services/domain/limits.ts";
import type { LineProblem } from "../../services/domain/lines/line-format.ts";
import type { LinePlace } from "./line-records.ts";

/** Lines that are not kept, or not as their format would have it. */
export interface ToldProblem extends LineProblem {
  /** The source, as people know it. */
  file: string;
  /** The first of its lines. */
  line: number;
}

/** Problems of one field: how many lines have one, and the first of them. */
export interface FieldProblems {
  lines: number;
  first: ToldProblem;
}

/** Problems as they are told: the first of all one by one, and all of them counted by field. */
export class ProblemCounts {
  readonly told: ToldProblem[] = [];
  readonly byField = new Map<string, FieldProblems>();
  /** Of all of them. */
  lines = 0;

  add(problem: ToldProblem, lines: number): void {
    this.lines += lines;
    if (this.told.length < SEND_REJECTS_TOLD_MAX) this.told.push(problem);
    const key = this.byField.has(problem.field) || this.byField.size < SEND_FIELDS_COUNTED_MAX ? problem.field : "";
    const same = this.byField.get(key);
    if (same) same.lines += lines;
    else this.byField.set(key, { lines, first: problem });
  }
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
  /** Records that were handed over to be sent, and of which nothing is known yet. */
  waitingRecords = 0;

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
