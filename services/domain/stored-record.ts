import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import { timestampToNanos } from "./record-time.ts";

/** A record as a store gives it back. */
export interface StoredRecord {
  /** The producer id as 32 hexadecimal digits. */
  producer: string;
  seq: number;
  /** As it was sent, with `time` filled in. */
  record: LogRecord;
  /** Nanoseconds since 1970 at which ingest received it. */
  receivedNanos: bigint;
}

/** The order of every list: newest first means descending by all three. */
export interface SortKey {
  timeNanos: bigint;
  producer: string;
  seq: number;
}

/** Where a record stands in every list. */
export function sortKeyOf({ producer, seq, record }: StoredRecord): SortKey {
  return { timeNanos: record.time ? timestampToNanos(record.time) : 0n, producer, seq };
}

/** Negative where `a` comes before `b` in a list that is newest first. */
export function compareNewestFirst(a: SortKey, b: SortKey): number {
  if (a.timeNanos !== b.timeNanos) return a.timeNanos > b.timeNanos ? -1 : 1;
  if (a.producer !== b.producer) return a.producer > b.producer ? -1 : 1;
  return b.seq - a.seq;
}
