import type { LoggedBatch } from "../domain/logged-batch.ts";
import type { LogQuery, LogSearch } from "./log-search.ts";

/** A search under test and a way to give it something to find. */
export interface LogSearchHarness {
  /** Over an empty store of its own. */
  search: LogSearch;
  /** Resolves when the records can be found. */
  store(batches: LoggedBatch[]): Promise<void>;
  /** Removes what the tests stored, and frees connections. */
  close(): Promise<void>;
}

/** A LogQuery in which only the tenant must hold, and what is given. */
export function logQuery(tenant: string, conditions: Partial<LogQuery> = {}): LogQuery {
  return {
    tenant,
    words: [],
    phrase: [],
    anywhere: [],
    level: undefined,
    service: undefined,
    startNanos: undefined,
    endNanos: undefined,
    ...conditions,
  };
}
