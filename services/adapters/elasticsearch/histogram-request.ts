import type { HistogramCounts } from "../../ports/log-aggregates.ts";
import { SEVERITY_RANGES, severityCounts } from "./severity-ranges.ts";

const NANOS_PER_MS = 1_000_000n;

/** The aggregation of a histogram. Its buckets begin at multiples of the width since 1970, as ours do. */
export function histogramAggregation(widthNanos: bigint): object {
  const fixed_interval = `${widthNanos / NANOS_PER_MS}ms`;
  return {
    date_histogram: { field: "time", fixed_interval, min_doc_count: 1 },
    aggs: { severities: SEVERITY_RANGES },
  };
}

/** What it is answered: the buckets that have records, in order. */
export function readHistogram(answer: unknown, widthNanos: bigint): HistogramCounts[] {
  const widthMs = Number(widthNanos / NANOS_PER_MS);
  const { buckets } = answer as { buckets: { key: number; doc_count: number; severities: unknown }[] };
  return buckets.map(({ key, doc_count, severities }) => {
    const ranges = severityCounts(severities);
    const rest = ranges.reduce((left, count) => left - count, doc_count);
    return { bucket: key / widthMs, counts: [rest, ...ranges] };
  });
}
