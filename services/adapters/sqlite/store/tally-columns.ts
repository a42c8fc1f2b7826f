import { LatencyHistogram } from "../../../domain/latency-histogram.ts";
import { decodeStatuses, encodeStatuses, type Tally } from "../../../domain/rollup.ts";

/** The definitions of TALLY_COLUMNS. TEXT where 64 bits could overflow: decimal digits. */
export const TALLY_DEFINITIONS = `
  requests INTEGER NOT NULL,
  response_bytes TEXT NOT NULL,
  statuses BLOB NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum_ns TEXT NOT NULL,
  latency_max_ns TEXT NOT NULL,
  latency_buckets BLOB NOT NULL`;

/** The columns of a tally, in most of the rollup tables. */
export const TALLY_COLUMNS: readonly string[] = [
  "requests",
  "response_bytes",
  "statuses",
  "latency_count",
  "latency_sum_ns",
  "latency_max_ns",
  "latency_buckets",
];

/** The values of TALLY_COLUMNS. */
export type TallyValues = [number, string, Uint8Array, number, string, string, Uint8Array];

/** Sums that may need more than 64 bits are decimal digits. */
export function tallyValues(tally: Tally): TallyValues {
  return [
    tally.requests,
    tally.responseBytes.toString(),
    encodeStatuses(tally.statuses),
    tally.latencyCount,
    tally.latencySumNanos.toString(),
    tally.latencyMaxNanos.toString(),
    tally.latencyBuckets.encode(),
  ];
}

/** Reads TALLY_COLUMNS of a row. */
export function tallyOf(values: TallyValues): Tally {
  const [requests, bytes, statuses, latencyCount, sumNanos, maxNanos, buckets] = values;
  return {
    requests,
    responseBytes: BigInt(bytes),
    statuses: decodeStatuses(statuses),
    latencyCount,
    latencySumNanos: BigInt(sumNanos),
    latencyMaxNanos: BigInt(maxNanos),
    latencyBuckets: LatencyHistogram.decode(buckets),
  };
}
