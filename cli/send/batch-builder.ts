import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import {
  BATCH_BYTES_MAX,
  RECORD_BYTES_MAX,
  RECORDS_PER_BATCH_MAX,
  SEND_BATCH_BYTES,
} from "../../services/domain/limits.ts";
import type { LineProblem } from "../../services/domain/lines/line-format.ts";
import type { LinePlace } from "./line-records.ts";
import { WireWriter } from "./wire-writer.ts";
import { writeRecord } from "./write-record.ts";

// Fields of LogBatch.
const PRODUCER_ID = 1;
const FIRST_SEQ = 2;
const RECORDS = 3;

/** Where a record of a batch stood, and whether it is only the text of its lines. */
export interface BatchedRecord extends LinePlace {
  keptAsText: LineProblem | undefined;
}

/** Records as they are sent together. */
export interface BuiltBatch {
  /** An encoded LogBatch. */
  bytes: Uint8Array;
  /** Of record 0; record i has the one that is higher by i. */
  firstSeq: number;
  /** As many as the batch has records. */
  records: readonly BatchedRecord[];
}

/** Packs the records of one producer into batches. Their seqs follow one another without a gap. */
export class BatchBuilder {
  private readonly recordsMax: number;
  private readonly writer = new WireWriter();
  private readonly head = new WireWriter();
  private producerId: Uint8Array;
  private records: BatchedRecord[] = [];
  private seq: number; // Of the next record.

  /** `recordsMax`: of one batch. */
  constructor(producerId: Uint8Array, firstSeq: number, recordsMax: number) {
    this.producerId = producerId;
    this.seq = firstSeq;
    this.recordsMax = recordsMax;
  }

  get producer(): Uint8Array {
    return this.producerId;
  }

  /** The seq of the record that is added next. */
  get nextSeq(): number {
    return this.seq;
  }

  get isEmpty(): boolean {
    return this.records.length === 0;
  }

  /** It is to be taken before long. */
  get isFull(): boolean {
    return this.records.length >= this.recordsMax || this.writer.length >= SEND_BATCH_BYTES;
  }

  /** It has to be taken before the next record is added: it might be too much. */
  get isBrimful(): boolean {
    return this.records.length >= RECORDS_PER_BATCH_MAX || this.writer.length >= BATCH_BYTES_MAX / 2;
  }

  /** Adds a record, unless it is larger than a record may be. */
  add(record: LogRecord, place: BatchedRecord): LineProblem | undefined {
    const before = this.writer.length;
    const bytes = writeRecord(this.writer, RECORDS, record);
    if (bytes > RECORD_BYTES_MAX) {
      this.writer.length = before;
      return { field: "line", reason: `makes a record of ${bytes} bytes; the limit is ${RECORD_BYTES_MAX}` };
    }
    this.records.push(place);
    this.seq++;
    return undefined;
  }

  /** The batch of what was added since the last one. Not to be called where that is nothing. */
  take(): BuiltBatch {
    const { records } = this;
    const firstSeq = this.seq - records.length;
    this.head.bytes(PRODUCER_ID, this.producerId);
    this.head.wholeNumber(FIRST_SEQ, firstSeq);
    const bytes = this.writer.take(this.head.take(NOTHING));
    this.records = [];
    return { bytes, firstSeq, records };
  }

  /** What is added from now on is another producer's, from seq 0 on. Only while it is empty. */
  renew(producerId: Uint8Array): void {
    this.producerId = producerId;
    this.seq = 0;
  }
}

const NOTHING = new Uint8Array();
