import type { TraceHeaders } from "../domain/trace-headers.ts";

/**
 * The one road from the write side to the read side: an append-only, partitioned log of encoded LogBatches.
 * Full mode: a Kafka topic. Memory: an array.
 */
export interface EventLog {
  /** How many partitions there are; fixed for the life of the log. Partitions count from 0. */
  readonly partitions: number;

  /**
   * Resolves once every batch is kept: by all in-sync replicas (Kafka, acks=all).
   *
   * `batches`: encoded LogBatches with the server's fields, each at most LOG_MESSAGE_BYTES_MAX, together at most
   * JOINED_BYTES_MAX unless there is only one; not changed here, and not to be changed by the caller until this settles.
   * They are appended in their order. Appending one twice is harmless: stores settle each identity once. All are kept
   * or the call rejects; where it rejects, some may have been kept.
   *
   * `traces`: for each batch what goes with it for those who follow it, if anything. A log may lose that: SQLite's does.
   *
   * @throws LogPulseError `log_unavailable`: no answer within APPEND_MS_MAX; the batches may have been kept.
   * @throws LogPulseError `invalid_batch`: the log refuses these bytes for ever (too large for it); nothing was kept.
   */
  append(
    partition: number,
    batches: readonly Uint8Array[],
    traces?: readonly (TraceHeaders | undefined)[],
  ): Promise<void>;

  /** Resolves if the log answers now; rejects with `log_unavailable`, within two seconds. For readiness. */
  check(): Promise<void>;

  /** Lets appends in flight end, then frees everything. */
  close(): Promise<void>;
}

/** One message of the log. */
export interface LogMessage {
  partition: number;
  /** Its place in the partition, from 0. */
  offset: bigint;
  /** The encoded LogBatch as it was appended; empty where somebody wrote a message without a value. */
  bytes: Uint8Array;
  /** What came with it for those who follow it; unchecked, anybody may have written it. */
  trace?: TraceHeaders;
}

/** Messages of one partition, in order, handed over together. */
export interface Delivery {
  partition: number;
  messages: readonly LogMessage[];
  /** Aborted when the reader stops or has lost the partition: what is not settled then, another reader gets. */
  signal: AbortSignal;
}

/** The reading side of the log, for one consumer group (one store). */
export interface EventLogReader {
  /**
   * Begins to read, as one member of `group`; resolves when it has joined.
   *
   * A new group starts at the earliest message. Each message goes to one member of the group at a time. `settle` is
   * called with one delivery per partition at a time, partitions side by side; when it resolves, every message of the
   * delivery is settled in the store and the group's position moves behind it; when it rejects, the position stays and
   * the delivery comes again. While `settle` works, however long, the membership is kept alive.
   *
   * After a crash between settling and committing, messages come again: at least once, in order per partition.
   *
   * @throws LogPulseError `log_unavailable`: not let into the group within LOG_JOIN_MS_MAX; call again. Once it has
   *   joined, a reader mends itself, however long the log is away.
   */
  read(group: string, settle: (delivery: Delivery) => Promise<void>): Promise<Reading>;
}

/** A reading under way. */
export interface Reading {
  /** Stops fetching, aborts the deliveries' signals, waits for `settle` calls under way, commits, leaves the group. */
  stop(): Promise<void>;
}
