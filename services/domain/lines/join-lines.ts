import { RECORD_LINES_BYTES_MAX, RECORD_LINES_MAX } from "../limits.ts";
import { CarriedBoundaries } from "./carried-boundaries.ts";
import { CRI_CARRIER } from "./cri-head.ts";
import type { LineFormat } from "./line-format.ts";
import { SYSLOG_CARRIER } from "./syslog-head.ts";
import { type RecordBoundaries, TextBoundaries } from "./text-boundaries.ts";

/** Lines that are one record. */
export interface JoinedText {
  /** The lines, apart by "\n". */
  text: string;
  /** How many lines were added before the first of them. */
  firstLine: number;
  /** How many they are. */
  lines: number;
  /**
   * The first line of the record whose rest this is: one that is longer than RECORD_LINES_MAX or RECORD_LINES_BYTES_MAX
   * becomes several. `readJoined` reads such a text.
   */
  continues?: string;
}

/**
 * Joins lines that are one record: what cannot begin one to what stands before it, and stack traces whatever the format.
 *
 * Every line comes out again, once and in order; none is cut. It holds back at most twice RECORD_LINES_BYTES_MAX and two
 * lines. A record is given out when the next one has begun, so callers `flush` when no line has come for a while.
 */
export class LineJoiner {
  private readonly boundaries: RecordBoundaries;
  private readonly record = new LineGroup();
  /** Lines of which it is not known yet whether they belong to the record; each with what it is otherwise. */
  private readonly waiting = new LineGroup();
  private waitingBegins: boolean[] = [];
  /** The first line of the record, where a part of it was given out. */
  private continues: string | undefined;
  private firstLine = 0;
  /** Another joiner would begin the record with the same line, whatever came before. */
  private beginsForItself = true;

  /** `memory`: of a joiner that read the lines before. */
  constructor(format: LineFormat, memory?: readonly boolean[]) {
    this.boundaries = boundariesOf(format, memory);
  }

  /**
   * What a new joiner needs to go on in place of this one: it is given the lines that this one holds back, then those that
   * come. Undefined where it would join them otherwise: ask again when the next record has begun.
   */
  get memory(): readonly boolean[] | undefined {
    return this.beginsForItself ? this.boundaries.memory : undefined;
  }

  /** Takes the next line, without its line break. Answers with the records that it ends. */
  add(line: string): JoinedText[] {
    const ended: JoinedText[] = [];
    const verdict = this.boundaries.judge(line);
    switch (verdict) {
      case "may_begin":
      case "may_follow":
        this.waiting.push(line);
        this.waitingBegins.push(verdict === "may_begin");
        if (this.waiting.isFull()) this.stopWaiting(ended);
        break;
      case "joins":
        for (const waiting of this.takeWaiting()) this.append(waiting.line, ended);
        this.append(line, ended);
        break;
      case "follows":
        this.decide(ended);
        this.append(line, ended);
        break;
      case "begins":
        this.decide(ended);
        this.begin(line, ended);
        this.beginsForItself = true;
    }
    return ended;
  }

  /** Answers with what was held back. The next line begins a record. */
  flush(): JoinedText[] {
    const ended: JoinedText[] = [];
    this.boundaries.forget();
    this.decide(ended);
    this.end(ended);
    this.beginsForItself = true;
    return ended;
  }

  private stopWaiting(ended: JoinedText[]): void {
    this.boundaries.stopWaiting();
    this.decide(ended);
  }

  /** Lines that wait belong to the record no more. */
  private decide(ended: JoinedText[]): void {
    for (const { line, begins } of this.takeWaiting()) {
      if (begins) this.begin(line, ended);
      else this.append(line, ended);
    }
  }

  private takeWaiting(): { line: string; begins: boolean }[] {
    const begins = this.waitingBegins;
    this.waitingBegins = [];
    return this.waiting.take().map((line, index) => ({ line, begins: begins[index]! }));
  }

  private begin(line: string, ended: JoinedText[]): void {
    this.end(ended);
    this.beginsForItself = false;
    this.record.push(line);
  }

  private append(line: string, ended: JoinedText[]): void {
    if (!this.record.hasRoomFor(line)) {
      const first = this.continues ?? this.record.first();
      this.end(ended);
      this.continues = first;
      this.beginsForItself = false;
    }
    this.record.push(line);
  }

  private end(ended: JoinedText[]): void {
    const lines = this.record.take();
    if (lines.length > 0) {
      const joined = { text: lines.join("\n"), firstLine: this.firstLine, lines: lines.length };
      ended.push(this.continues === undefined ? joined : { ...joined, continues: this.continues });
    }
    this.firstLine += lines.length;
    this.continues = undefined;
  }
}

function boundariesOf(format: LineFormat, memory: readonly boolean[] | undefined): RecordBoundaries {
  if (format.name === "cri") return new CarriedBoundaries(CRI_CARRIER, memory);
  if (format.name === "syslog") return new CarriedBoundaries(SYSLOG_CARRIER, memory);
  return new TextBoundaries(format.beginsRecord, format.name === "text", memory);
}

/** Lines, and how much room they take. */
class LineGroup {
  private lines: string[] = [];
  private bytes = 0;

  /** True for the first line, however long it is. */
  hasRoomFor(line: string): boolean {
    if (this.lines.length === 0) return true;
    return this.lines.length < RECORD_LINES_MAX && this.bytes + bytesOf(line) <= RECORD_LINES_BYTES_MAX;
  }

  isFull(): boolean {
    return this.lines.length >= RECORD_LINES_MAX || this.bytes >= RECORD_LINES_BYTES_MAX;
  }

  push(line: string): void {
    this.lines.push(line);
    this.bytes += bytesOf(line);
  }

  first(): string | undefined {
    return this.lines[0];
  }

  take(): string[] {
    const lines = this.lines;
    this.lines = [];
    this.bytes = 0;
    return lines;
  }
}

function bytesOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}
