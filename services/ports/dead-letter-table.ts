import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";

/** What has become of a letter: it may be replayed, its record is stored, or its producer's day is no longer kept. */
export type LetterState = "open" | "stored" | "expired";

/** Which letters: all conditions that are given must hold. */
export interface LetterQuery {
  /** Letters of this tenant, and those without one: messages that could not be read belong to nobody. */
  tenant: string;
  store?: string;
  reason?: string;
  id?: string;
  /** 64 hexadecimal digits. */
  key?: string;
  state?: LetterState;
  /** Listed at that time or after it, in milliseconds since 1970. */
  fromMs?: number;
  /** Listed before that time. */
  toMs?: number;
}

/** A place in the order of letters: newest first, by (listedMs, key), both descending. */
export interface LetterPlace {
  listedMs: number;
  key: string;
}

/** A letter of the table. */
export interface ListedLetter extends LetterPlace {
  /** When its state last changed; undefined while it never did. */
  changedMs: number | undefined;
  state: LetterState;
  /** Its `original` is cut to what was asked for. */
  letter: DeadLetter;
  /** Bytes of the whole original. */
  originalBytes: number;
}

/** Dead letters as they are listed and replayed: filled from the dead-letter topic, one row for each key. */
export interface DeadLetterTable {
  /** Creates what it needs. Safe to call from several processes at once. */
  prepare(): Promise<void>;

  /**
   * Adds letters, as open, listed now; those that are there already stay as they are, their state included. Resolves
   * with how many were new. Their key is `letterKeyText(letter)` (domain/dead-letter-key.ts).
   *
   * `letters`: at most STORE_RECORDS_MAX, together at most STORE_BYTES_MAX unless there is only one. Store and id have
   * at most DEAD_LETTER_NAME_BYTES_MAX, tenants TENANT_BYTES_MAX, reasons DEAD_LETTER_REASON_BYTES_MAX; details at most
   * DEAD_LETTER_DETAIL_CHARACTERS_MAX; received times are missing or those that a record may have.
   *
   * @throws LogPulseError `store_unavailable`: call again with the same letters.
   */
  fill(letters: readonly DeadLetter[], signal: AbortSignal): Promise<number>;

  /**
   * Up to `limit` letters behind `after`, newest first. Originals are cut to `originalBytesMax`; there may be fewer than
   * `limit` where those are large (ANSWER_BYTES_MAX), but none only where there are no more.
   *
   * @throws LogPulseError `store_unavailable`.
   */
  list(
    query: LetterQuery,
    page: { limit: number; after?: LetterPlace; originalBytesMax: number },
    signal: AbortSignal,
  ): Promise<ListedLetter[]>;

  /** How many letters meet the query, at most DEAD_LETTERS_COUNTED_MAX. @throws LogPulseError `store_unavailable`. */
  count(query: LetterQuery, signal: AbortSignal): Promise<number>;

  /** Moves a letter from open to `to`; false where it is not open or not there. @throws LogPulseError `store_unavailable`. */
  settle(key: string, to: "stored" | "expired", signal: AbortSignal): Promise<boolean>;

  /** Deletes letters that were listed before that time, whatever their state; resolves with how many. */
  forgetBefore(listedMs: number, signal: AbortSignal): Promise<number>;
}
