import { MatchedRecord } from "../../domain/matched-record.ts";
import { effectiveSeverity, SEVERITY_RANGE_NAMES, severityRangeNumber } from "../../domain/severity.ts";
import type { StoredRecord } from "../../domain/stored-record.ts";
import type { FacetCounts, FacetField, HistogramCounts, LogAggregates, TimeSpan } from "../../ports/log-aggregates.ts";
import type { RecordQuery } from "../../ports/record-query.ts";
import { type FoundRecord, foundRecords } from "./log-search.ts";

/**
 * Counts records that are in memory, by looking at each of them. Counts are exact: there are never more values than what
 * is in memory already.
 */
export class MemoryLogAggregates implements LogAggregates {
  private readonly recordsOf: (tenant: string) => Iterable<StoredRecord>;

  /** `recordsOf`: everything that is stored for a tenant now, in any order. */
  constructor(recordsOf: (tenant: string) => Iterable<StoredRecord>) {
    this.recordsOf = recordsOf;
  }

  async timeSpan(query: RecordQuery): Promise<TimeSpan | undefined> {
    let span: TimeSpan | undefined;
    for (const { key } of this.found(query)) {
      const { timeNanos } = key;
      span ??= { oldestNanos: timeNanos, newestNanos: timeNanos };
      if (timeNanos < span.oldestNanos) span.oldestNanos = timeNanos;
      if (timeNanos > span.newestNanos) span.newestNanos = timeNanos;
    }
    return span;
  }

  async histogram(query: RecordQuery, widthNanos: bigint): Promise<HistogramCounts[]> {
    const buckets = new Map<number, number[]>();
    for (const { key, stored } of this.found(query)) {
      const bucket = Number(key.timeNanos / widthNanos);
      const counts = buckets.get(bucket) ?? SEVERITY_RANGE_NAMES.map(() => 0);
      buckets.set(bucket, counts);
      const range = severityRangeNumber(effectiveSeverity(stored.record));
      counts[range] = counts[range]! + 1;
    }
    return [...buckets].map(([bucket, counts]) => ({ bucket, counts })).sort((a, b) => a.bucket - b.bucket);
  }

  async facets(query: RecordQuery, fields: readonly FacetField[], size: number): Promise<FacetCounts[]> {
    const records = Array.from(this.found(query), ({ stored }) => new MatchedRecord(stored.producer, stored));
    return fields.map((field) => ({
      values: mostFrequent(records, field).slice(0, Math.max(size, 0)),
      countErrorMax: 0,
    }));
  }

  private found(query: RecordQuery): Generator<FoundRecord> {
    return foundRecords(this.recordsOf(query.tenant), query);
  }
}

function mostFrequent(records: readonly MatchedRecord[], field: FacetField): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const record of records) {
    for (const value of new Set(valuesOf(record, field))) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const inOrder = ORDER[field.kind];
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || inOrder(a.value, b.value));
}

function valuesOf(record: MatchedRecord, field: FacetField): string[] {
  if (field.kind === "attribute") return record.leaves(field.path).flatMap(({ text }) => text || []);
  if (field.kind === "text") return [record.text(field.field)].filter((text) => text !== "");
  if (field.kind === "number") return [record.number(field.field)].flatMap((number) => number?.toString() ?? []);
  const range = severityRangeNumber(record.severity);
  return range === 0 ? [] : [SEVERITY_RANGE_NAMES[range]!];
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const byNumber = (a: string, b: string): number => (BigInt(a) < BigInt(b) ? -1 : 1);
const levelNumber = (name: string): number => (SEVERITY_RANGE_NAMES as readonly string[]).indexOf(name);

/** Of equally frequent values. */
const ORDER: Record<FacetField["kind"], (a: string, b: string) => number> = {
  text: byBytes,
  attribute: byBytes,
  number: byNumber,
  level: (a, b) => levelNumber(a) - levelNumber(b),
};
