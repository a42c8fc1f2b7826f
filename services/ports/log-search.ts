import type { SortKey, StoredRecord } from "../domain/stored-record.ts";
import type { RecordQuery } from "./record-query.ts";

/** By (time, producer, seq), all three in the same direction. */
export type RecordOrder = "newest_first" | "oldest_first";

/** Which of the records that were found. */
export interface SearchPage {
  /** At most so many; 0 or less: none. */
  size: number;
  order: RecordOrder;
  /** Strictly behind this place in that order; undefined: from the first one on. */
  after: SortKey | undefined;
  /** How long to search, at most STORE_QUERY_MS_MAX. */
  msMax: number;
}

/** A page of records. */
export interface FoundRecords {
  /** In the order asked for. */
  records: StoredRecord[];
  /**
   * The time was up first: each of `records` meets the query, and others that do may be missing, before, between and
   * behind them.
   */
  isPartial: boolean;
  /**
   * Fewer than asked for, although there may be more: together they have about SEARCH_PAGE_BYTES_MAX, at least one
   * record. The next ones stand behind the last.
   */
  isCut: boolean;
}

/** Finds records by what is in them. */
export interface LogSearch {
  /**
   * The first records of the page. Records of the same nanosecond are neither lost nor repeated over pages. Finds what
   * was stored about a second ago. A search that is too slow ends after about `msMax` with what it has.
   *
   * @throws LogPulseError `store_unavailable`: no answer a little after `page.msMax`, or too busy; `query_too_costly`:
   *   the store takes no condition of so many parts.
   */
  search(query: RecordQuery, page: SearchPage, signal: AbortSignal): Promise<FoundRecords>;

  /** Resolves if the store answers now; rejects with `store_unavailable`, within two seconds. For readiness. */
  check(): Promise<void>;
}
