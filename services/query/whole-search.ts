import { LogPulseError } from "../domain/errors.ts";
import { STORE_QUERY_MS_MAX } from "../domain/limits.ts";
import type { FoundRecords, LogSearch, SearchPage } from "../ports/log-search.ts";
import type { RecordQuery } from "../ports/record-query.ts";

/**
 * A search for answers that cannot say that something is missing in them.
 *
 * @throws LogPulseError `query_too_costly` where the store had no time to look at everything; else as the store.
 */
export async function wholeSearch(
  search: LogSearch,
  query: RecordQuery,
  page: Omit<SearchPage, "msMax">,
  signal: AbortSignal,
): Promise<FoundRecords> {
  const found = await search.search(query, { ...page, msMax: STORE_QUERY_MS_MAX }, signal);
  if (!found.isPartial) return found;
  const message = `the search was stopped after ${STORE_QUERY_MS_MAX} ms; ask for less time, or add a condition`;
  throw new LogPulseError("query_too_costly", message);
}
