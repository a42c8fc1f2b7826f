import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { LogBatchSchema, type Reject } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { producerDay } from "./identity.ts";
import { RECORDS_PER_BATCH_MAX, TENANT_BYTES_MAX } from "./limits.ts";
import { type RecordColumns, readRecordColumns } from "./record-columns.ts";
import { nanosToTimestamp, timestampToNanos } from "./record-time.ts";
import type { TraceHeaders } from "./trace-headers.ts";

const RECORDS_FIELD = 3;

/**
 * A record as a worker hands it to a store. It is decoded when somebody asks for it, and no further than is asked for:
 * decoding all of it costs a store that keeps its bytes more than storing them.
 */
export class LoggedRecord {
  /** 0 to 2^53-1. */
  readonly seq: number;
  /** The encoded LogRecord as it was sent: what a store keeps as the original. A view of the batch's bytes. */
  readonly bytes: Uint8Array;
  /** True where a drop rule keeps it out of the stores; statistics still count it. */
  dropped = false;
  private readonly receivedNanos: bigint;
  private decodedRecord: LogRecord | undefined;
  private readColumns: RecordColumns | undefined;

  constructor(seq: number, bytes: Uint8Array, receivedNanos: bigint) {
    this.seq = seq;
    this.bytes = bytes;
    this.receivedNanos = receivedNanos;
  }

  /**
   * Decoded; `time` is always set (the batch's received time where the sender gave none).
   *
   * @throws Error where the bytes are no LogRecord; never once it has been read.
   */
  get record(): LogRecord {
    this.decodedRecord ??= decodeRecord(this.bytes, this.receivedNanos);
    return this.decodedRecord;
  }

  /** What stores ask for beside the record; its time is `timeNanos`. Only of bytes that are a LogRecord. */
  get columns(): RecordColumns {
    this.readColumns ??= readRecordColumns(this.bytes);
    return this.readColumns;
  }

  /** Lets go of the decoded record: whoever asks again has it decoded anew. For a store that is done with it and waits. */
  forgetDecoded(): void {
    this.decodedRecord = undefined;
  }

  /** Whether reading `record` costs nothing any more. */
  get isDecoded(): boolean {
    return this.decodedRecord !== undefined;
  }

  /** Its time in nanoseconds since 1970. */
  get timeNanos(): bigint {
    const { decodedRecord } = this;
    return decodedRecord?.time ? timestampToNanos(decodedRecord.time) : (this.columns.timeNanos ?? this.receivedNanos);
  }
}

/** One batch read from the event log, decoded. */
export interface LoggedBatch {
  /** Where it stands in the log. */
  partition: number;
  offset: bigint;
  tenant: string;
  /** The producer id as 32 hexadecimal digits. */
  producer: string;
  /** Days since 1970 of the producer's own time. */
  producerDay: number;
  /** When ingest received it, in nanoseconds since 1970. */
  receivedNanos: bigint;
  firstSeq: number;
  /** Records in the batch, the rejected included: its seqs are firstSeq to firstSeq + recordCount - 1. */
  recordCount: number;
  /** All that were not rejected, in order. */
  records: LoggedRecord[];
  /** Those that ingest rejected; their seqs are settled. */
  rejects: Reject[];
  /** What came with its message for those who follow it. */
  trace?: TraceHeaders;
}

/**
 * Decodes one message of the log, every record of it included: for logs that somebody else may write to.
 *
 * @throws Error where the bytes are not a LogBatch with the server's fields.
 */
export function decodeLoggedBatch(partition: number, offset: bigint, message: Uint8Array): LoggedBatch {
  const batch = splitBatch(partition, offset, message);
  for (const logged of batch.records) void logged.record;
  return batch;
}

/**
 * The same for a log that only our ingest writes to: its records are known to decode, so only their columns are read.
 *
 * @throws Error where the bytes are not a LogBatch with the server's fields, or a record cannot be walked: the disk may
 *   have changed a bit, and such a message must not hold up those behind it.
 */
export function readLoggedBatch(partition: number, offset: bigint, message: Uint8Array): LoggedBatch {
  const batch = splitBatch(partition, offset, message);
  for (const logged of batch.records) void logged.columns;
  return batch;
}

/**
 * The same without a look at any record, for those who ask for few of them: a record that is none says so when it is
 * read.
 *
 * @throws Error where the bytes are not a LogBatch with the server's fields.
 */
export function splitBatch(partition: number, offset: bigint, message: Uint8Array): LoggedBatch {
  const { head, recordBytes } = splitRecords(message);
  const batch = fromBinary(LogBatchSchema, head);
  if (batch.producerId.length !== 16) throw new Error(`producer_id has ${batch.producerId.length} bytes, wanted 16`);
  if (!batch.tenant || !batch.receivedTime) throw new Error("the server's fields tenant and received_time are missing");
  if (Buffer.byteLength(batch.tenant) > TENANT_BYTES_MAX)
    throw new Error(`tenant has more than ${TENANT_BYTES_MAX} bytes`);
  const lastSeq = batch.firstSeq + BigInt(Math.max(recordBytes.length - 1, 0));
  if (lastSeq > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error(`seq ${lastSeq} is beyond 2^53-1`);

  const producer = Buffer.from(batch.producerId).toString("hex");
  const receivedNanos = timestampToNanos(batch.receivedTime);
  const rejected = new Set(batch.rejects.map((reject) => reject.index));
  const firstSeq = Number(batch.firstSeq);
  const records: LoggedRecord[] = [];
  recordBytes.forEach((bytes, index) => {
    if (!rejected.has(index)) records.push(new LoggedRecord(firstSeq + index, bytes, receivedNanos));
  });
  return {
    partition,
    offset,
    tenant: batch.tenant,
    producer,
    producerDay: producerDay(producer),
    receivedNanos,
    firstSeq,
    recordCount: recordBytes.length,
    records,
    rejects: batch.rejects,
  };
}

/** The seqs of the batch that ingest rejected, in order. */
export function rejectedSeqs({ firstSeq, recordCount, records }: LoggedBatch): number[] {
  if (records.length === recordCount) return [];
  const kept = new Set(records.map(({ seq }) => seq));
  return Array.from({ length: recordCount }, (_, index) => firstSeq + index).filter((seq) => !kept.has(seq));
}

/** A record that was received at that time, with `time` filled in. @throws Error where the bytes are no LogRecord. */
export function decodeRecord(bytes: Uint8Array, receivedNanos: bigint): LogRecord {
  const record = fromBinary(LogRecordSchema, bytes);
  record.time ??= nanosToTimestamp(receivedNanos);
  return record;
}

/** The records as views of the message, and everything else of it as bytes that decode to a batch without records. */
function splitRecords(message: Uint8Array): { head: Uint8Array; recordBytes: Uint8Array[] } {
  const reader = new BinaryReader(message);
  const recordBytes: Uint8Array[] = [];
  const rest: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    if (field === RECORDS_FIELD && wireType === WireType.LengthDelimited) {
      if (recordBytes.length === RECORDS_PER_BATCH_MAX) throw new Error(`more than ${RECORDS_PER_BATCH_MAX} records`);
      recordBytes.push(reader.bytes());
    } else {
      reader.skip(wireType, field);
      rest.push(message.subarray(start, reader.pos));
    }
  }
  return { head: Buffer.concat(rest), recordBytes };
}
