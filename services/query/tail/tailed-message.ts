import type { StoredLog } from "../../../gen/logpulse/v1/query_service_pb.ts";
import type { RecordMatcher } from "../../domain/condition-matcher.ts";
import { TAIL_QUEUED_RECORD_BYTES } from "../../domain/limits.ts";
import { type LoggedBatch, type LoggedRecord, splitBatch } from "../../domain/logged-batch.ts";
import { MatchedRecord } from "../../domain/matched-record.ts";
import type { LogMessage } from "../../ports/event-log.ts";
import { storedLog } from "../cached-lookup.ts";

/** A record in a message of the log. What is asked of it is decoded once, for all tails that share the object. */
export class TailedRecord {
  /** Its place in the message, those that ingest rejected counted. */
  readonly index: number;
  private readonly batch: LoggedBatch;
  private readonly logged: LoggedRecord;
  private forMatching: MatchedRecord | undefined;
  private shown: StoredLog | undefined;

  constructor(batch: LoggedBatch, logged: LoggedRecord) {
    this.index = logged.seq - batch.firstSeq;
    this.batch = batch;
    this.logged = logged;
  }

  get seq(): number {
    return this.logged.seq;
  }

  /** About what it takes in a queue. */
  get bytes(): number {
    return this.logged.bytes.length + TAIL_QUEUED_RECORD_BYTES;
  }

  /** @throws Error where it has to be decoded for that, and is no record. */
  meets(matches: RecordMatcher): boolean {
    this.forMatching ??= new MatchedRecord(this.batch.producer, this.logged);
    return matches(this.forMatching);
  }

  /** What was read and cut for matching is needed no more. */
  forgetMatching(): void {
    this.forMatching = undefined;
  }

  /** As readers get it; not to be changed. @throws Error where it is no record. */
  get log(): StoredLog {
    const { producer, receivedNanos } = this.batch;
    this.shown ??= storedLog({ producer, seq: this.seq, record: this.logged.record, receivedNanos });
    return this.shown;
  }
}

/** A message of the log, as tails look at it. */
export interface TailedMessage {
  partition: number;
  offset: number;
  batch: LoggedBatch;
  /** All that ingest has not rejected, in order. */
  records: readonly TailedRecord[];
}

/** @throws Error where the bytes are not a batch as ingest writes them. */
export function tailedMessage({ partition, offset, bytes }: LogMessage): TailedMessage {
  const batch = splitBatch(partition, offset, bytes);
  const records = batch.records.map((logged) => new TailedRecord(batch, logged));
  return { partition, offset: Number(offset), batch, records };
}
