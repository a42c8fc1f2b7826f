import type { SeverityRange } from "../domain/severity.ts";
import type { SortKey, StoredRecord } from "../domain/stored-record.ts";

/** What to find; every condition that is given must hold. Words are the output of `domain/words.ts`. */
export interface LogQuery {
  tenant: string;
  /** Each stands somewhere in the message. */
  words: readonly string[];
  /** They stand in the message side by side in this order. */
  phrase: readonly string[];
  /** Each stands in message, service or severity text. */
  anywhere: readonly string[];
  /** The severity text letter for letter, or, where the word is a usual one, any record of its range. */
  level: { text: string; range: SeverityRange | undefined } | undefined;
  /** The service letter for letter. */
  service: string | undefined;
  /** Time at or after, in nanoseconds since 1970. */
  startNanos: bigint | undefined;
  /** Time before. */
  endNanos: bigint | undefined;
}

/** Finds records by what is in them, newest first. */
export interface LogSearch {
  /**
   * At most `size` records, descending by (time, producer, seq), strictly behind `after` in that order. Records of the
   * same nanosecond are neither lost nor repeated over pages. Finds what was stored about a second ago.
   *
   * @throws LogPulseError `store_unavailable`: no answer within STORE_QUERY_MS_MAX, or too busy.
   */
  search(query: LogQuery, size: number, after: SortKey | undefined, signal: AbortSignal): Promise<StoredRecord[]>;

  /** Resolves if the store answers now; rejects with `store_unavailable`, within two seconds. For readiness. */
  check(): Promise<void>;
}
