import type { LoggedBatch } from "../domain/logged-batch.ts";
import type { DeadLetters } from "./dead-letters.ts";

/** What became of the records of one `store` call; they add up to the records of its batches. */
export interface StoreCounts {
  stored: number;
  /** Already settled before. */
  duplicate: number;
  /** Kept out by a drop rule. */
  dropped: number;
  /** Refused by the store for ever, and kept as dead letters. */
  deadLettered: number;
  /** Rejected by ingest: not to be stored. */
  rejected: number;
  /** Of a producer day that the store no longer keeps. */
  expired: number;
}

/** A store on its writing side. One worker loop owns it. */
export interface LogSink {
  /** The store's name, in dead letters, counts and logs: "elasticsearch", "mysql", "memory". */
  readonly name: string;

  /** Creates or updates what the store needs (tables, templates). Safe to call from several processes at once. */
  prepare(): Promise<void>;

  /**
   * Settles every record of the batches: stored once under its identity, or found settled already, or dropped by rule,
   * or refused and handed to `deadLetters` before this resolves. A record that is refused does not touch its
   * neighbours. Calling it again with the same batches, in any order or overlapping, changes nothing.
   *
   * The seqs that ingest rejected are settled too: a record that comes later under one of them is a duplicate. Batches
   * of a producer day before the store's first day (`Retention`) are counted as expired and change nothing.
   *
   * A store that judges (SQL, memory; not Elasticsearch, which finds the first copy there) compares a record whose
   * identity is settled with the stored one: other content under the same identity is a conflict, and becomes a dead
   * letter of reason "conflict". Where nothing is stored to compare with, it is a duplicate.
   *
   * `batches`: of one partition, in log order, at most STORE_RECORDS_MAX records unless there is only one.
   *
   * @throws LogPulseError `store_unavailable` where the store does not answer or is too busy: call again with the same
   *   batches after a wait. Some records may be stored already.
   */
  store(batches: readonly LoggedBatch[], deadLetters: DeadLetters, signal: AbortSignal): Promise<StoreCounts>;

  /** Resolves if the store answers now; rejects with `store_unavailable`, within two seconds. For readiness. */
  check(): Promise<void>;

  /** Frees connections. */
  close(): Promise<void>;
}

/** Sums counts, field by field. */
export function addCounts(a: StoreCounts, b: StoreCounts): StoreCounts {
  return {
    stored: a.stored + b.stored,
    duplicate: a.duplicate + b.duplicate,
    dropped: a.dropped + b.dropped,
    deadLettered: a.deadLettered + b.deadLettered,
    rejected: a.rejected + b.rejected,
    expired: a.expired + b.expired,
  };
}

/** Nothing counted yet. */
export const NO_COUNTS: Readonly<StoreCounts> = {
  stored: 0,
  duplicate: 0,
  dropped: 0,
  deadLettered: 0,
  rejected: 0,
  expired: 0,
};
