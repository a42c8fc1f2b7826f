import type { ListedLetter } from "./dead-letter-table.ts";

/** What became of one try to store a dead letter's record. */
export type ReplayOutcome =
  | { is: "stored" }
  /** The record is stored already, with the same content. */
  | { is: "already_stored" }
  /** Its producer's day is no longer kept. */
  | { is: "expired" }
  /** Refused again; "conflict" where another record is stored under its identity. */
  | { is: "refused"; reason: string; detail: string };

/** The way back into a store for what it once refused. */
export interface DeadLetterReplay {
  /** Whose letters these are: the store's name, as in LogSink. */
  readonly name: string;

  /**
   * Tries to store what the letter carries: a record, or a whole batch where the message could not be read. It is stored
   * once and counted once in the rollups, however often this is called and whatever its seq's state in the settled
   * ranges. Where the store holds the table of dead letters too, the letter's state moves from open in the same
   * transaction (to "stored", or "expired"); otherwise the caller moves it after this resolved.
   *
   * `listed`: an open letter with its whole original.
   *
   * @throws LogPulseError `store_unavailable`: call again.
   */
  replay(listed: ListedLetter, signal: AbortSignal): Promise<ReplayOutcome>;
}
