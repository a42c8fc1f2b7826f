import { nanosToText } from "../../domain/record-time.ts";
import type { SearchPage } from "../../ports/log-search.ts";
import type { RecordQuery } from "../../ports/record-query.ts";
import { type Clause, EVERYTHING, term } from "./clause.ts";
import { conditionClause } from "./condition-clause.ts";
import { TIME_FORMAT } from "./index-template.ts";

const TIME_NANOS_MAX = 2n ** 63n - 1n; // The last date_nanos.

/** The clause of a query's records, or undefined where its times leave none. */
export function queryClause({ tenant, condition, startNanos, endNanos }: RecordQuery): Clause | undefined {
  const time = timeRange(startNanos, endNanos);
  if (time === "empty") return undefined;
  const filter = [term("tenant", tenant), ...(time ? [time] : []), conditionClause(condition)];
  return { bool: { filter: filter.filter((clause) => clause !== EVERYTHING) } };
}

/** The body of a search for a page, or undefined where nothing can be found. */
export function searchBody(query: RecordQuery, { size, order, after }: SearchPage): object | undefined {
  const clause = queryClause(query);
  const place = after && placeOf(after.timeNanos, order);
  if (!clause || size < 1 || place === "behind_all") return undefined;
  return {
    size,
    track_total_hits: false,
    query: clause,
    sort: sortBy(order === "newest_first" ? "desc" : "asc"),
    ...(after && place === "between"
      ? { search_after: [nanosToText(after.timeNanos), after.producer, after.seq] }
      : {}),
  };
}

/** The body of a search for the time of the first or last record alone. */
export function edgeBody(query: Clause, order: "asc" | "desc"): object {
  return { size: 1, _source: false, track_total_hits: false, query, sort: sortBy(order).slice(0, 1) };
}

function sortBy(order: "asc" | "desc"): object[] {
  return [{ time: { order, format: TIME_FORMAT } }, { producer: order }, { seq: order }];
}

/** Where a time stands among those that the index can hold. */
function placeOf(timeNanos: bigint, order: SearchPage["order"]): "before_all" | "between" | "behind_all" {
  if (timeNanos >= 0n && timeNanos <= TIME_NANOS_MAX) return "between";
  return timeNanos < 0n === (order === "oldest_first") ? "before_all" : "behind_all";
}

/** Times outside what the index can hold are errors to Elasticsearch; here they are bounds without effect. */
function timeRange(startNanos = 0n, endNanos = TIME_NANOS_MAX + 1n): Clause | "empty" | undefined {
  if (startNanos > TIME_NANOS_MAX || endNanos <= 0n) return "empty";
  const range: Record<string, string> = {};
  if (startNanos > 0n) range.gte = nanosToText(startNanos);
  if (endNanos <= TIME_NANOS_MAX) range.lt = nanosToText(endNanos);
  return Object.keys(range).length > 0 ? { range: { time: { ...range, format: TIME_FORMAT } } } : undefined;
}
