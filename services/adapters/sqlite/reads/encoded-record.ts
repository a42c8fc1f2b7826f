import { decodeRecord } from "../../../domain/logged-batch.ts";
import type { StoredRecord } from "../../../domain/stored-record.ts";

/** A record as it goes from thread to thread. */
export interface EncodedRecord {
  /** 32 hexadecimal digits. */
  producer: string;
  seq: number;
  receivedNanos: bigint;
  /** The encoded LogRecord as it was sent. */
  record: Uint8Array;
}

/** The record as the ports give it: decoded, the time filled in where the sender gave none. */
export function storedRecordOf({ producer, seq, receivedNanos, record }: EncodedRecord): StoredRecord {
  return { producer, seq, record: decodeRecord(record, receivedNanos), receivedNanos };
}
