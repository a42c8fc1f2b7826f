import type { Content } from "./record-content.ts";

/** The stores of the full mode. */
export const FULL_MODE_STORES = ["elasticsearch", "mysql"] as const;
/** The stores that are checked, and the names that their dead letters carry. */
export const STORES = [...FULL_MODE_STORES, "sqlite"] as const;
export type StoreName = (typeof STORES)[number];

/** One copy of a record as a store has it. */
export interface StoredCopy {
  tenant: string;
  /** 32 lower-case hexadecimal digits. */
  producer: string;
  seq: number;
  content: Content;
  /** What the store sorts by, in nanoseconds since 1970: the record's time, or the received time where it has none. */
  timeNanos: bigint;
  receivedNanos: bigint;
  /** What the store searches by. */
  severity: number;
  /** What contradicts itself within the copy: its place and its identity, a column and the record. */
  flaw: string | undefined;
}

const DAY_MS = 86_400_000;

/** Days since 1970 of the time in a UUIDv7 (RFC 9562 §5.7): what must choose index and partition. */
export function dayOfProducer(producer: string): number {
  return Math.floor(Number.parseInt(producer.slice(0, 12), 16) / DAY_MS);
}
