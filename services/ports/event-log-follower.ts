import type { LogMessage } from "./event-log.ts";

/** What the log holds now. */
export interface LogExtent {
  /** Which log it is, for ever: at most 64 characters of ASCII. Another log, another id. */
  logId: string;
  /** By partition: of the first message that it holds, and the one that the next message will have. */
  partitions: readonly { start: bigint; end: bigint }[];
}

/** A place in a log. */
export interface LogPoint {
  /** Of LogExtent: offsets mean something together with it only. */
  logId: string;
  partition: number;
  /** Of the message that comes next. */
  offset: bigint;
}

/**
 * Reads the log as it is written, beside its consumer groups, whose positions it never moves: for tails.
 *
 * All reject with LogPulseError `log_unavailable` where the log does not answer, and with the signal's reason.
 */
export interface EventLogFollower {
  extent(signal: AbortSignal): Promise<LogExtent>;

  /**
   * By partition, a place from which on every message stands that was appended at or after that time (milliseconds since
   * 1970). It may be a little early; it is the partition's end where there is no such message.
   */
  placesAt(timeMs: number, signal: AbortSignal): Promise<bigint[]>;

  /**
   * Messages of a partition from `from` on, in order, together about TAIL_FETCH_BYTES_MAX, one at least where there is one.
   * Where there is none, it waits for one: up to `waitMsMax`, then the answer is empty. Where the log does not hold
   * `from` any more, they begin with the first that it holds. Calls do not hold each other up.
   *
   * @throws LogPulseError `log_unavailable` also where it is another log by now.
   */
  read(from: LogPoint, waitMsMax: number, signal: AbortSignal): Promise<LogMessage[]>;

  /** Ends what waits, and frees everything. */
  close(): Promise<void>;
}
