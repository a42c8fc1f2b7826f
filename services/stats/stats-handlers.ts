import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type GetStatsRequest,
  type GetStatsResponse,
  GetStatsResponseSchema,
  StatsService,
} from "../../gen/logpulse/v1/stats_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import type { Cache } from "../ports/cache.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogStats } from "../ports/log-stats.ts";
import { type CallContext, defineService, unary } from "../ports/service-handlers.ts";

const MINUTE_MS = 60_000;

const RANGE_MINUTES = { hour: 60, day: 1_440, week: 10_080 } as const;

/** A range that GetStats knows. */
export type StatsRange = keyof typeof RANGE_MINUTES;

/** What the stats role is made of. */
export interface StatsParts {
  stats: LogStats;
  cache: Cache;
  clock: Clock;
  /** How long an answer is remembered, by its range. 0: not at all. */
  ttlMs: Record<StatsRange, number>;
}

type Statistic = (stats: LogStats, tenant: string, from: number, to: number, signal: AbortSignal) => Promise<Data>;
type Data = Record<string, number>;

const STATISTICS: Record<string, Statistic> = { errors, latency, traffic };

/** The handlers of StatsService. */
export function statsService(parts: StatsParts) {
  return defineService(StatsService, {
    getStats: unary((request, context) => getStats(parts, request, context)),
  });
}

async function getStats(parts: StatsParts, request: GetStatsRequest, context: CallContext): Promise<GetStatsResponse> {
  const type = request.type || "errors";
  const range = request.range || "hour";
  const statistic = oneOf("type", type, STATISTICS);
  const minutes = oneOf("range", range, RANGE_MINUTES);
  const ttlMs = parts.ttlMs[range as StatsRange];

  const key = `stats/${context.tenant}/${type}/${range}`;
  const cached = ttlMs > 0 ? await parts.cache.get(key) : undefined;
  if (cached) return fromBinary(GetStatsResponseSchema, cached);
  const toMinute = Math.floor(parts.clock.nowMs() / MINUTE_MS);
  const data = await statistic(parts.stats, context.tenant, toMinute - minutes, toMinute, context.signal);
  const response = create(GetStatsResponseSchema, { type, data });
  if (ttlMs > 0) await parts.cache.set(key, toBinary(GetStatsResponseSchema, response), ttlMs);
  return response;
}

/** Every status but 200, as {"404": 12}. */
async function errors(stats: LogStats, tenant: string, from: number, to: number, signal: AbortSignal): Promise<Data> {
  const statuses = await stats.statuses(tenant, from, to, signal);
  return Object.fromEntries([...statuses].filter(([status]) => status !== 200));
}

async function latency(stats: LogStats, tenant: string, from: number, to: number, signal: AbortSignal): Promise<Data> {
  const { averageMs, maxMs } = await stats.latency(tenant, from, to, signal);
  return { avg_latency: averageMs, max_latency: maxMs };
}

async function traffic(stats: LogStats, tenant: string, from: number, to: number, signal: AbortSignal): Promise<Data> {
  const { requests, uniqueIps } = await stats.traffic(tenant, from, to, signal);
  return { total_request: requests, unique_ips: uniqueIps };
}

function oneOf<T>(field: string, value: string, known: Readonly<Record<string, T>>): T {
  const found = Object.hasOwn(known, value) ? known[value] : undefined;
  if (found === undefined) {
    const wanted = Object.keys(known).sort().join(", ");
    throw new LogPulseError("invalid_request", `${field} is "${value.slice(0, 60)}"; it must be one of ${wanted}`, {
      metadata: { field },
    });
  }
  return found;
}
