import { RECORD_BYTES_MAX } from "../../services/domain/limits.ts";
import type { DetectedFormat } from "../../services/domain/lines/detect-format.ts";
import type { LineContext, LineFormat, LineProblem } from "../../services/domain/lines/line-format.ts";
import { BatchBuilder, type BuiltBatch } from "./batch-builder.ts";
import { type LinePlace, LineRecords, type RestartPoint } from "./line-records.ts";
import { LineSplitter, type TakeLine } from "./line-splitter.ts";

/** What was decided by the time and not by the bytes of a source: whoever reads it again has to decide the same. */
export interface ReadingMark {
  /** A record ends before the line that begins here. */
  offset: number;
  /** From here on the records are this producer's, from seq 0 on. 32 hexadecimal digits. */
  producer?: string;
}

/** A place in a source from which the same records come out again, with the same identities. */
export interface SourcePosition extends RestartPoint {
  /** 32 hexadecimal digits. */
  producer: string;
  /** Of the first record behind this place. */
  seq: number;
}

/** A batch of a source. */
export interface SourceBatch extends BuiltBatch {
  /** Of it, as people know it. */
  source: string;
  /** Where reading can go on when this batch and those before it are kept. */
  position: SourcePosition;
}

/** How a source becomes batches. */
export interface SourceReading {
  /** As people know it: the path, or "standard input". */
  name: string;
  format: LineFormat | undefined;
  strict: boolean;
  context: LineContext;
  position: SourcePosition;
  /** Behind the position, in their order. */
  marks: readonly ReadingMark[];
  /** Of one batch. */
  recordsMax: number;
}

/** What of a source does not become a record, as it is read. */
export interface SourceEvents {
  onLines(lines: number): void;
  onReject(problem: LineProblem, place: LinePlace): void;
  onEmpty(lines: number): void;
  onDetected(detected: DetectedFormat): void;
}

/**
 * Makes batches of the bytes of a source. The records and their identities follow from the bytes, the position at the
 * beginning and the marks alone, however the bytes are cut into chunks and the records into batches.
 */
export class SourceBatches {
  private readonly reading: SourceReading;
  private readonly events: SourceEvents;
  private readonly splitter: LineSplitter;
  private readonly lines: LineRecords;
  private readonly builder: BatchBuilder;
  private readonly marks: ReadingMark[];
  private readonly closed: SourceBatch[] = [];
  private lineEnd: number;
  private position: SourcePosition;

  constructor(reading: SourceReading, events: SourceEvents) {
    const { position, recordsMax } = reading;
    this.reading = reading;
    this.events = events;
    this.position = position;
    this.lineEnd = position.offset;
    this.marks = [...reading.marks];
    this.builder = new BatchBuilder(Buffer.from(position.producer, "hex"), position.seq, recordsMax);
    const takeLine: TakeLine = (bytes, length, end) => this.takeLine(bytes, length, end);
    this.splitter = new LineSplitter(RECORD_BYTES_MAX, takeLine, position.offset);
    this.lines = new LineRecords(
      { ...reading, start: position },
      {
        onRecord: (record, place, keptAsText) => {
          if (this.builder.isBrimful) this.closeBatch(); // Behind it are lines that were not told yet: no position.
          const problem = this.builder.add(record, { ...place, keptAsText });
          if (problem) events.onReject(problem, place);
        },
        onReject: (problem, place) => events.onReject(problem, place),
        onEmpty: ({ lines }) => events.onEmpty(lines),
        onDetected: (detected) => events.onDetected(detected),
      },
    );
  }

  /** Undefined until it is chosen. */
  get format(): LineFormat | undefined {
    return this.lines.format;
  }

  /** As of LineRecords. */
  formatAt(offset: number): LineFormat | undefined {
    return this.lines.formatAt(offset);
  }

  /** 32 hexadecimal digits: of the records that come next. */
  get producer(): string {
    return Buffer.from(this.builder.producer).toString("hex");
  }

  /** Of the record that comes next. */
  get nextSeq(): number {
    return this.builder.nextSeq;
  }

  /** Where the line begins that has no end yet. */
  get restStart(): number {
    return this.splitter.restStart;
  }

  /** How many bytes that line has so far. */
  get restLength(): number {
    return this.splitter.restLength;
  }

  /** Whether whole lines are held back, which `endRecord` would make records of. */
  get isHoldingLines(): boolean {
    return this.lines.linesHeld > 0;
  }

  /** How many they are. */
  get linesHeld(): number {
    return this.lines.linesHeld;
  }

  /** Whether there are records that no batch was made of yet. */
  get isHoldingRecords(): boolean {
    return !this.builder.isEmpty;
  }

  /** Where reading can go on when all batches so far are kept. */
  get lastPosition(): SourcePosition {
    if (this.builder.isEmpty) this.findPosition();
    return this.position;
  }

  /** Reads on. The chunk may be used for something else afterwards. Gives the batches that are full. */
  feed(chunk: Buffer): SourceBatch[] {
    this.splitter.feed(chunk);
    return this.closed.splice(0);
  }

  /** So many bytes that come next are passed over. Only before the first line. */
  passOver(bytes: number): void {
    this.splitter.passOver(bytes);
    this.lineEnd += bytes;
    this.lines.passTo(this.lineEnd);
  }

  /** Gives the records so far as a batch, full or not. */
  takeBatch(): SourceBatch[] {
    this.close();
    return this.closed.splice(0);
  }

  /**
   * No record goes on behind the last whole line. That is a mark: where the source may be read again it has to be known
   * before the batches are sent. Gives all of them.
   */
  endRecord(): SourceBatch[] {
    this.lines.flush();
    return this.takeBatch();
  }

  /** The same; what stands behind the last line break is a line too. */
  endLine(): SourceBatch[] {
    this.splitter.finish();
    return this.endRecord();
  }

  /** The source ends here: the same, and the format is chosen. Gives the last batches. */
  finish(): SourceBatch[] {
    this.splitter.finish();
    this.lines.end();
    return this.takeBatch();
  }

  /** Where another producer could take over: at the beginning of what is held. Undefined where it cannot yet. */
  get renewalPlace(): number | undefined {
    return this.lines.restartPoint?.offset;
  }

  /** From `renewalPlace` on the records are this producer's. Gives those before it. */
  renew(producer: string): SourceBatch[] {
    const batches = this.takeBatch();
    this.builder.renew(Buffer.from(producer, "hex"));
    return batches;
  }

  private takeLine(bytes: Buffer, length: number, end: number): void {
    this.events.onLines(1);
    if (this.marks.length > 0) this.applyMarks();
    this.lineEnd = end;
    this.lines.add(bytes, length, end);
    if (this.builder.isFull) this.close();
  }

  /** Those of the place where a line begins now. */
  private applyMarks(): void {
    for (let mark = this.marks[0]; mark !== undefined && mark.offset <= this.lineEnd; mark = this.marks[0]) {
      this.marks.shift();
      if (mark.offset < this.lineEnd) continue;
      this.lines.flush();
      this.close();
      if (mark.producer !== undefined) this.builder.renew(Buffer.from(mark.producer, "hex"));
    }
  }

  /** Every line so far was told, or is held by `lines`. */
  private close(): void {
    this.findPosition();
    this.closeBatch();
  }

  private findPosition(): void {
    const restart = this.lines.restartPoint;
    if (restart) this.position = { ...restart, producer: this.producer, seq: this.builder.nextSeq };
  }

  private closeBatch(): void {
    if (this.builder.isEmpty) return;
    this.closed.push({ ...this.builder.take(), source: this.reading.name, position: this.position });
  }
}
