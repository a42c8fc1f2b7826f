import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LatencyFiguresSchema } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { LATENCY_RELATIVE_ERROR_MAX } from "../domain/latency-histogram.ts";
import { latencyMs } from "../domain/rollup.ts";
import type { RequestSum } from "./request-sums.ts";
import type { Statistic } from "./stats-answer.ts";

const NANOS_PER_MS = 1_000_000;

type Figures = MessageInitShape<typeof LatencyFiguresSchema>;

/** How long requests took. */
export const LATENCY: Statistic<Figures> = {
  countsClients: false,
  figures: latencyFigures,
  method:
    "exact counts, means and maxima, by the minute of the requests' own time; percentiles by nearest rank from " +
    "histograms whose buckets are each 2 % wider than the one below (DDSketch)",
  maxRelativeError: () => LATENCY_RELATIVE_ERROR_MAX,
};

/**
 * Percentiles are left out where some of the latencies were counted before there were histograms. None is told above the
 * maximum, which is exact.
 */
function latencyFigures({ tally }: RequestSum): Figures {
  const { count, averageMs, maxMs } = latencyMs(tally);
  if (count === 0) return { count };
  const figures = { count, averageMs, maxMs };
  if (tally.latencyBuckets.count < count) return figures;
  const percentiles = tally.latencyBuckets.percentiles(50, 90, 95, 99);
  const [p50Ms, p90Ms, p95Ms, p99Ms] = percentiles.map((nanos) => Math.min(nanos / NANOS_PER_MS, maxMs));
  return { ...figures, p50Ms, p90Ms, p95Ms, p99Ms };
}
