import { READ_LOOK_BYTES_MAX } from "../../../domain/limits.ts";
import type { SortKey } from "../../../domain/stored-record.ts";
import type { LogQuery } from "../../../ports/log-search.ts";
import type { EncodedRecord } from "./encoded-record.ts";
import { hasImpossibleWord, matchExpression } from "./match-expression.ts";
import { newestRows, type RowPlace, tenantNumber } from "./newest-rows.ts";
import { allOf, condition, type SqlCondition } from "./sql-condition.ts";
import type { StoreReader } from "./store-reader.ts";
import { type TimeRange, timeRange } from "./time-range.ts";
import { newestMatches, WORD_PLAN, type WordPlan } from "./word-search.ts";

/** What one look found. */
export interface SearchAnswer {
  records: EncodedRecord[];
  /** There is more on the page: these are as many as one answer may hold. The next look begins behind the last. */
  isCut: boolean;
}

/** For tests: how much is looked at and answered at once. */
export interface SearchBounds {
  bytesMax: number;
  plan: WordPlan;
}

const BOUNDS: SearchBounds = { bytesMax: READ_LOOK_BYTES_MAX, plan: WORD_PLAN };

/** A page of a search, as `LogSearch.search` promises it, but for its bound in bytes. */
export function searchPage(
  reader: StoreReader,
  query: LogQuery,
  size: number,
  after: SortKey | undefined,
  { bytesMax, plan }: SearchBounds = BOUNDS,
): SearchAnswer {
  const end = query.endNanos === undefined ? undefined : query.endNanos - 1n;
  const range = timeRange(
    query.startNanos,
    after && (end === undefined || after.timeNanos < end) ? after.timeNanos : end,
  );
  const tenant = tenantNumber(reader, query.tenant);
  if (size < 1 || !range || tenant === undefined || hasImpossibleWord(query)) return { records: [], isCut: false };
  const match = matchExpression(query);
  const conditions = recordConditions(query, range, after);
  const places = newestRows(reader, tenant, range, size, (day, ofDay) =>
    newestMatches(reader, { day, tenant, range: ofDay, match, conditions, plan }, size),
  );
  return recordsAt(reader, places, bytesMax);
}

/** The conditions that a record's own columns answer; undefined where there are none. */
function recordConditions(query: LogQuery, range: TimeRange, after: SortKey | undefined): SqlCondition | undefined {
  const { service, level } = query;
  const levelText = level && Buffer.from(level.text);
  const all = [
    condition("service = ?", service === undefined ? undefined : Buffer.from(service)),
    level?.range
      ? condition("severity BETWEEN ? AND ? OR severity_text = ?", level.range.min, level.range.max, levelText)
      : condition("severity_text = ?", levelText),
    // Earlier times than the place's are all behind it.
    after && after.timeNanos === range.to ? isBehind(after) : undefined,
  ];
  return all.some((some) => some !== undefined) ? allOf(...all) : undefined;
}

function isBehind({ timeNanos, producer, seq }: SortKey): SqlCondition | undefined {
  const bytes = Buffer.from(producer, "hex");
  return condition("time_ns < ? OR producer < ? OR (producer = ? AND seq < ?)", timeNanos, bytes, bytes, seq);
}

/** The records themselves: read last, so that only those of the page are. */
function recordsAt(reader: StoreReader, places: readonly RowPlace[], bytesMax: number): SearchAnswer {
  const records: EncodedRecord[] = [];
  let bytes = 0;
  for (const { day, id, producer, seq } of places) {
    if (bytes >= bytesMax) return { records, isCut: true };
    reader.look();
    const row = reader.row(`SELECT received_ns, record FROM records_${day} WHERE id = ?`, id)!;
    const record = row[1] as Uint8Array;
    bytes += record.length;
    records.push({ producer, seq, receivedNanos: row[0] as bigint, record });
  }
  return { records, isCut: false };
}
