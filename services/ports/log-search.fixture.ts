import { type Condition, EVERY_RECORD } from "../domain/condition.ts";
import { STORE_QUERY_MS_MAX } from "../domain/limits.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import type { StoredRecord } from "../domain/stored-record.ts";
import type { LogSearch, SearchPage } from "./log-search.ts";
import type { RecordQuery } from "./record-query.ts";

/** A search under test and a way to give it something to find. */
export interface LogSearchHarness {
  /** Over an empty store of its own. */
  search: LogSearch;
  /** Resolves when the records can be found. */
  store(batches: LoggedBatch[]): Promise<void>;
  /** Removes what the tests stored, and frees connections. */
  close(): Promise<void>;
}

/** Every record of the tenant, but for what is given. */
export function recordQuery(
  tenant: string,
  condition: Condition = EVERY_RECORD,
  times: Partial<Pick<RecordQuery, "startNanos" | "endNanos">> = {},
): RecordQuery {
  return { tenant, condition, startNanos: undefined, endNanos: undefined, ...times };
}

/** The newest thousand, but for what is given. */
export function searchPage(page: Partial<SearchPage> = {}): SearchPage {
  return { size: 1_000, order: "newest_first", after: undefined, msMax: STORE_QUERY_MS_MAX, ...page };
}

/** What a store gives back of a batch from which nothing is dropped. */
export function storedRecords({ producer, receivedNanos, records }: LoggedBatch): StoredRecord[] {
  return records.map(({ seq, record }) => ({ producer, seq, record, receivedNanos }));
}
