import {
  type ErrorFigures,
  type GetErrorsResponse,
  type GetLatencyResponse,
  type GetTrafficResponse,
  type LatencyFigures,
  StatsGrouping,
  type TrafficFigures,
} from "../../gen/logpulse/v1/stats_service_pb.ts";
import { TOP_GROUPS_MAX, WATERMARK_AGE_MS_MAX, WATERMARK_MS_MAX } from "../../services/domain/limits.ts";
import { msToNanos, nanosToMs, nanosToTimestamp, timestampToNanos } from "../../services/domain/record-time.ts";
import type { ServerConnection } from "../connection.ts";
import type { TopFigures, TopLook } from "./top-figures.ts";

/** So far behind it may be told to be though nothing is: its age, and the time that reading it takes. */
const WATERMARK_BEHIND_MS_MAX = WATERMARK_AGE_MS_MAX + WATERMARK_MS_MAX;

/** What groups are of. */
export type TopGrouping = "service" | "path";

/** Asks for the figures of the last `rangeMs`. @throws ConnectError. */
export async function askTop(
  { stats }: Pick<ServerConnection, "stats">,
  { by, rangeMs, nowMs }: { by: TopGrouping; rangeMs: number; nowMs: number },
  signal: AbortSignal,
): Promise<TopLook> {
  const request = {
    startTime: nanosToTimestamp(msToNanos(nowMs - rangeMs)),
    endTime: nanosToTimestamp(msToNanos(nowMs)),
    grouping: by === "service" ? StatsGrouping.SERVICE : StatsGrouping.PATH,
    groupsMax: TOP_GROUPS_MAX,
  };
  const [errors, latency, traffic] = await Promise.all([
    stats.getErrors(request, { signal }),
    stats.getLatency(request, { signal }),
    by === "service" ? stats.getTraffic(request, { signal }) : undefined, // Addresses are not known by path.
  ]);
  return topLook(errors, latency, traffic, by, nowMs);
}

/** Puts three answers to the same question together. */
export function topLook(
  errors: GetErrorsResponse,
  latency: GetLatencyResponse,
  traffic: GetTrafficResponse | undefined,
  by: TopGrouping,
  atMs: number,
): TopLook {
  const { startTime, watermark, groupsTotal } = errors.coverage!;
  const fromMs = nanosToMs(timestampToNanos(startTime!));
  const completeToMs = watermark && nanosToMs(timestampToNanos(watermark));
  // Of a store that is behind nobody knows how many are missing: one partition may be behind, and the others not.
  const isNothingSure = completeToMs !== undefined && completeToMs <= fromMs;
  const seconds = isNothingSure ? undefined : (atMs - fromMs) / 1_000;
  const latencies = new Map(latency.groups.map((group) => [group[by], group.all]));
  const traffics = new Map(traffic?.groups.map((group) => [group[by], group.all]));
  return {
    atMs,
    fromMs,
    completeToMs,
    areRatesAtLeast: completeToMs === undefined || atMs - completeToMs > WATERMARK_BEHIND_MS_MAX,
    all: figuresOf(errors.all!, latency.all, traffic?.all, seconds),
    groups: errors.groups.map((group) => {
      const name = group[by];
      return { name, ...figuresOf(group.all!, latencies.get(name), traffics.get(name), seconds) };
    }),
    groupsTotal,
  };
}

function figuresOf(
  { requests, clientErrors, serverErrors }: ErrorFigures,
  latency: LatencyFigures | undefined,
  traffic: TrafficFigures | undefined,
  seconds: number | undefined,
): TopFigures {
  const share = (part: number) => (requests === 0 ? undefined : part / requests);
  return {
    requests,
    rate: seconds && requests / seconds,
    clientErrorShare: share(clientErrors),
    serverErrorShare: share(serverErrors),
    p50: latency?.p50Ms,
    p99: latency?.p99Ms,
    max: latency?.maxMs,
    addresses: traffic?.uniqueIps,
  };
}
