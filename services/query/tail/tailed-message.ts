import type { StoredLog } from "../../../gen/logpulse/v1/query_service_pb.ts";
import type { RecordMatcher } from "../../domain/condition-matcher.ts";
import { TAIL_QUEUED_RECORD_BYTES } from "../../domain/limits.ts";
import { type LoggedBatch, LoggedRecord, splitBatch } from "../../domain/logged-batch.ts";
import { MatchedRecord } from "../../domain/matched-record.ts";
import type { LogMessage } from "../../ports/event-log.ts";
import { storedLog } from "../cached-lookup.ts";

/** What a record has from its batch: the batch itself would keep all its records in memory. */
type RecordOrigin = Pick<LoggedBatch, "producer" | "receivedNanos" | "firstSeq">;

/** A record in a message of the log. What is asked of it is decoded once, for all tails that share the object. */
export class TailedRecord {
  /** Its place in the message, those that ingest rejected counted. */
  readonly index: number;
  private readonly origin: RecordOrigin;
  private logged: LoggedRecord;
  private forMatching: MatchedRecord | undefined;
  private shown: StoredLog | undefined;

  constructor(origin: RecordOrigin, logged: LoggedRecord) {
    this.index = logged.seq - origin.firstSeq;
    this.origin = origin;
    this.logged = logged;
  }

  get seq(): number {
    return this.logged.seq;
  }

  /** About what it takes in a queue, where it is kept apart from its message. */
  get bytes(): number {
    return this.logged.bytes.length + TAIL_QUEUED_RECORD_BYTES;
  }

  /** The memory that it keeps from being freed: of its whole message until it is kept apart. */
  get keptAlive(): ArrayBufferLike {
    return this.logged.bytes.buffer;
  }

  /** Copies its bytes, once, so that it no longer keeps its message alive. */
  keepApart(): void {
    const { bytes, seq } = this.logged;
    if (bytes.length === bytes.buffer.byteLength) return;
    this.logged = new LoggedRecord(seq, new Uint8Array(bytes), this.origin.receivedNanos);
  }

  /** @throws Error where it has to be decoded for that, and is no record. */
  meets(matches: RecordMatcher): boolean {
    this.forMatching ??= new MatchedRecord(this.origin.producer, this.logged);
    return matches(this.forMatching);
  }

  /** What was read and cut for matching is needed no more. */
  forgetMatching(): void {
    this.forMatching = undefined;
  }

  /** As readers get it; not to be changed. @throws Error where it is no record. */
  get log(): StoredLog {
    const { producer, receivedNanos } = this.origin;
    this.shown ??= storedLog({ producer, seq: this.seq, record: this.logged.record, receivedNanos });
    return this.shown;
  }
}

/** A message of the log, as tails look at it. */
export interface TailedMessage {
  partition: number;
  offset: number;
  batch: LoggedBatch;
  /** What a view of the message keeps in memory: all of it at least, and what the log brought together with it. */
  bytesKeptAlive: number;
  /** All that ingest has not rejected, in order. */
  records: readonly TailedRecord[];
}

/** @throws Error where the bytes are not a batch as ingest writes them. */
export function tailedMessage({ partition, offset, bytes }: LogMessage): TailedMessage {
  const batch = splitBatch(partition, offset, bytes);
  const { producer, receivedNanos, firstSeq } = batch;
  const origin = { producer, receivedNanos, firstSeq };
  const records = batch.records.map((logged) => new TailedRecord(origin, logged));
  return { partition, offset: Number(offset), batch, bytesKeptAlive: bytes.buffer.byteLength, records };
}

/**
 * Makes some of a message's records ready to be kept for a while: about so many bytes are then kept with them. Where they
 * are the smaller part of what they are views of, they are copied out of it; else all of it is kept, and counted.
 */
export function keepRecords(message: TailedMessage, records: readonly TailedRecord[]): number {
  const apart = records.reduce((sum, record) => sum + record.bytes, 0);
  const beside = records.length * TAIL_QUEUED_RECORD_BYTES;
  if (2 * (apart - beside) > message.bytesKeptAlive) return message.bytesKeptAlive + beside;
  for (const record of records) record.keepApart();
  return apart;
}
