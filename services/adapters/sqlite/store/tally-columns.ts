import { LatencyHistogram } from "../../../domain/latency-histogram.ts";
import { decodeStatuses, encodeStatuses, type Tally } from "../../../domain/rollup.ts";

/** The columns of a tally, in two of the rollup tables. */
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
