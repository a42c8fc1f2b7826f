import type { RowDataPacket } from "mysql2/promise";
import { LatencyHistogram } from "../../domain/latency-histogram.ts";
import { decodeStatuses, encodeStatuses, type Tally } from "../../domain/rollup.ts";
import type { SqlValue } from "./insert-rows.ts";

/** The columns of a tally, in both rollup tables. */
export const TALLY_COLUMNS = [
  "requests",
  "response_bytes",
  "statuses",
  "latency_count",
  "latency_sum_ns",
  "latency_max_ns",
  "latency_buckets",
] as const;

/** The values of TALLY_COLUMNS. */
export function tallyValues(tally: Tally): SqlValue[] {
  return [
    tally.requests,
    tally.responseBytes.toString(),
    Buffer.from(encodeStatuses(tally.statuses)),
    tally.latencyCount,
    tally.latencySumNanos.toString(),
    tally.latencyMaxNanos.toString(),
    Buffer.from(tally.latencyBuckets.encode()),
  ];
}

/** Reads TALLY_COLUMNS of a row. */
export function tallyOf(row: RowDataPacket): Tally {
  return {
    requests: Number(row.requests),
    responseBytes: BigInt(row.response_bytes),
    statuses: decodeStatuses(row.statuses as Buffer),
    latencyCount: Number(row.latency_count),
    latencySumNanos: BigInt(row.latency_sum_ns),
    latencyMaxNanos: BigInt(row.latency_max_ns),
    latencyBuckets: LatencyHistogram.decode(row.latency_buckets as Buffer),
  };
}
