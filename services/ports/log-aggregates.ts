import type { FacetField } from "../domain/facet-field.ts";
import type { RecordQuery } from "./record-query.ts";

export type { FacetField } from "../domain/facet-field.ts";

/** The times of the first and of the last record that meet a query, in nanoseconds since 1970. */
export interface TimeSpan {
  oldestNanos: bigint;
  newestNanos: bigint;
}

/**
 * Records of one bucket: `counts[0]` of those without a severity (or one outside 1 to 24), `counts[1]` to `counts[6]` of
 * TRACE to FATAL, four severities each. See `domain/severity.ts`.
 */
export interface HistogramCounts {
  /** The bucket holds the times from bucket × width to before (bucket + 1) × width. */
  bucket: number;
  counts: number[];
}

/** Values of one field. */
export interface FacetCounts {
  /**
   * The most frequent first; of equally frequent ones numbers and levels by their value, texts by their UTF-8 bytes.
   * Numbers in decimal digits. A record counts once for each value, however often an attribute's list has it; the method
   * counts as it was sent.
   */
  values: { value: string; count: number }[];
  /** Each count may be too low by so many, and a value that is missing may have so many. 0: exact. */
  countErrorMax: number;
}

/** Counts records by what is in them. Finds what was stored about a second ago. */
export interface LogAggregates {
  /**
   * Undefined where no record meets the query.
   *
   * @throws LogPulseError `store_unavailable`; `query_too_costly`: it would take longer than STORE_QUERY_MS_MAX.
   */
  timeSpan(query: RecordQuery, signal: AbortSignal): Promise<TimeSpan | undefined>;

  /**
   * The buckets that have records, in order. `widthNanos`: whole milliseconds, 1 at least. The query has both times, and
   * at most HISTOGRAM_BUCKETS_MAX + 1 buckets between them.
   *
   * @throws LogPulseError as `timeSpan`.
   */
  histogram(query: RecordQuery, widthNanos: bigint, signal: AbortSignal): Promise<HistogramCounts[]>;

  /**
   * At most `size` values of each field, in the fields' order. Memory is bounded: where a field has too many different
   * values to count them all, `countErrorMax` says what that means.
   *
   * @throws LogPulseError as `timeSpan`.
   */
  facets(query: RecordQuery, fields: readonly FacetField[], size: number, signal: AbortSignal): Promise<FacetCounts[]>;
}
