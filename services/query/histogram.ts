import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  type GetHistogramRequest,
  type HistogramBucket,
  HistogramBucketSchema,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { bucketWidthMs } from "../domain/bucket-width.ts";
import { HISTOGRAM_BUCKETS_DEFAULT, HISTOGRAM_BUCKETS_MAX } from "../domain/limits.ts";
import { durationToNanos, msToNanos, nanosToTimestamp } from "../domain/record-time.ts";
import { invalidField } from "../domain/request-fields.ts";
import { SEVERITY_RANGE_NAMES } from "../domain/severity.ts";
import type { HistogramCounts, LogAggregates } from "../ports/log-aggregates.ts";
import type { RecordQuery } from "../ports/record-query.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { readRecordQuery } from "./read-questions.ts";

const NANOS_PER_MS = 1_000_000n;
const NANOS_PER_SECOND = 1_000_000_000n;

/** Counts by time and severity, without gaps between the buckets. */
export async function histogram(aggregates: LogAggregates, request: GetHistogramRequest, context: CallContext) {
  const asked = readRecordQuery(context.tenant, request);
  const bucketsMax = readBucketsMax(request.bucketsMax);
  const widthAsked = request.bucketWidth && readWidth(durationToNanos(request.bucketWidth));
  const range = await rangeOf(aggregates, asked, context.signal);
  if (!range) return { buckets: [], bucketWidth: widthAsked ? durationOf(widthAsked) : undefined, total: 0 };

  const width = widthAsked ?? msToNanos(bucketWidthMs(range.startNanos, range.endNanos, bucketsMax));
  const first = range.startNanos / width;
  const count = Number((range.endNanos - 1n) / width - first) + 1;
  if (count > HISTOGRAM_BUCKETS_MAX) {
    throw invalidField("bucket_width", `makes ${count} buckets; the limit is ${HISTOGRAM_BUCKETS_MAX}`);
  }
  const counts = await aggregates.histogram({ ...asked, ...range }, width, context.signal);
  const buckets = withoutGaps(counts, Number(first), count, width);
  const total = buckets.reduce((sum, bucket) => sum + bucket.total, 0);
  return { buckets, bucketWidth: durationOf(width), total };
}

interface Range {
  startNanos: bigint;
  endNanos: bigint;
}

/** The times asked for, or those of the oldest and the newest record; undefined where there is none. */
async function rangeOf(aggregates: LogAggregates, query: RecordQuery, signal: AbortSignal): Promise<Range | undefined> {
  const { startNanos, endNanos } = query;
  if (startNanos !== undefined && endNanos !== undefined) {
    return startNanos < endNanos ? { startNanos, endNanos } : undefined;
  }
  const span = await aggregates.timeSpan(query, signal);
  if (!span) return undefined;
  return { startNanos: startNanos ?? span.oldestNanos, endNanos: endNanos ?? span.newestNanos + 1n };
}

function readBucketsMax(bucketsMax: number): number {
  if (bucketsMax >= 0 && bucketsMax <= HISTOGRAM_BUCKETS_MAX) return bucketsMax || HISTOGRAM_BUCKETS_DEFAULT;
  throw invalidField("buckets_max", `is ${bucketsMax}; it must be from 1 to ${HISTOGRAM_BUCKETS_MAX}`);
}

function readWidth(nanos: bigint): bigint {
  if (nanos >= NANOS_PER_MS && nanos % NANOS_PER_MS === 0n) return nanos;
  throw invalidField("bucket_width", `is ${nanos} ns; it must be whole milliseconds, 1 at least`);
}

function withoutGaps(counts: readonly HistogramCounts[], first: number, count: number, width: bigint) {
  const byBucket = new Map(counts.map((some) => [some.bucket, some.counts]));
  return Array.from({ length: count }, (_, index) => bucketOf(first + index, byBucket.get(first + index), width));
}

function bucketOf(bucket: number, counts: readonly number[] = [], width: bigint): HistogramBucket {
  const levels = counts.flatMap((count, range) => (count > 0 ? [[SEVERITY_RANGE_NAMES[range]!, count] as const] : []));
  return create(HistogramBucketSchema, {
    startTime: nanosToTimestamp(BigInt(bucket) * width),
    total: counts.reduce((sum, some) => sum + some, 0),
    levels: Object.fromEntries(levels),
  });
}

function durationOf(nanos: bigint) {
  return create(DurationSchema, { seconds: nanos / NANOS_PER_SECOND, nanos: Number(nanos % NANOS_PER_SECOND) });
}
