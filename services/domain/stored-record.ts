import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";

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
