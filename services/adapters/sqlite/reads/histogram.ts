import { severityRangeNumber } from "../../../domain/severity.ts";
import type { HistogramCounts, TimeSpan } from "../../../ports/log-aggregates.ts";
import type { RecordOrder } from "../../../ports/log-search.ts";
import type { RecordQuery } from "../../../ports/record-query.ts";
import { allRows } from "./all-rows.ts";
import { WORD_PLAN } from "./day-search.ts";
import type { RowPlace } from "./first-rows.ts";
import { findPlaces } from "./log-search.ts";
import { questionOf } from "./question.ts";
import type { StoreReader } from "./store-reader.ts";
import { storedDays } from "./stored-days.ts";

const RANGES = 7; // None, and TRACE to FATAL.

/** The times of the first and the last record, as `LogAggregates.timeSpan` promises them: a search for each of them. */
export function timeSpan(reader: StoreReader, query: RecordQuery): TimeSpan | undefined {
  const newest = firstTime(reader, query, "newest_first");
  const oldest = newest === undefined ? undefined : firstTime(reader, query, "oldest_first");
  return oldest === undefined ? undefined : { oldestNanos: oldest, newestNanos: newest! };
}

function firstTime(reader: StoreReader, query: RecordQuery, order: RecordOrder): bigint | undefined {
  const question = questionOf(reader, query);
  const found: RowPlace[] = [];
  if (question) findPlaces(reader, question, { size: 1, order, after: undefined }, WORD_PLAN, found);
  return found[0]?.timeNanos;
}

/** Records by time and level, as `LogAggregates.histogram` promises them. */
export function histogram(reader: StoreReader, query: RecordQuery, widthNanos: bigint): HistogramCounts[] {
  const question = questionOf(reader, query);
  if (!question) return [];
  const buckets = new Map<number, number[]>();
  let last: HistogramCounts | undefined; // Records that stand together are usually of one time.
  const count = (bucket: number, severity: number) => {
    if (last?.bucket !== bucket) last = { bucket, counts: buckets.get(bucket) ?? newCounts(buckets, bucket) };
    last.counts[severityRangeNumber(severity)]! += 1;
  };
  // SQLite rounds towards zero; a bucket before 1970 begins below it too.
  const bucket = "time_ns / ? - (time_ns % ? < 0)";
  for (const day of storedDays(reader)) {
    const rows = allRows(reader, { ...question, ...day });
    reader.tellAll([bucket, "severity"], [widthNanos, widthNanos], rows, ([number, severity]) =>
      count(number as number, severity as number),
    );
  }
  return [...buckets].map(([number, counts]) => ({ bucket: number, counts })).sort((a, b) => a.bucket - b.bucket);
}

function newCounts(buckets: Map<number, number[]>, bucket: number): number[] {
  const counts = Array<number>(RANGES).fill(0);
  buckets.set(bucket, counts);
  return counts;
}
