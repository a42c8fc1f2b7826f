import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type GetStatsRequest,
  type GetStatsResponse,
  GetStatsResponseSchema,
} from "../../gen/logpulse/v1/stats_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { latencyMs, newTally, type Tally } from "../domain/rollup.ts";
import type { LogStats, StatsSelection } from "../ports/log-stats.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import type { StatsParts, StatsRange } from "./stats-parts.ts";

const MINUTE_MS = 60_000;

const RANGE_MINUTES: Record<StatsRange, number> = { hour: 60, day: 1_440, week: 10_080 };

type Statistic = (stats: LogStats, selection: StatsSelection, signal: AbortSignal) => Promise<Record<string, number>>;

const STATISTICS: Record<string, Statistic> = { errors, latency, traffic };

/** One statistic over the last hour, day or week, as DESIGN §2 has it. @throws LogPulseError as the contract says. */
export async function getStats(
  parts: StatsParts,
  request: GetStatsRequest,
  { tenant, signal }: CallContext,
): Promise<GetStatsResponse> {
  const type = request.type || "errors";
  const range = request.range || "hour";
  const statistic = oneOf("type", type, STATISTICS);
  const minutes = oneOf("range", range, RANGE_MINUTES);
  const ttlMs = parts.ttlMs[range as StatsRange];

  const key = `stats/${tenant}/${type}/${range}`;
  const cached = ttlMs > 0 ? await parts.cache.get(key) : undefined;
  if (cached) return fromBinary(GetStatsResponseSchema, cached);
  const toMinute = Math.floor(parts.clock.nowMs() / MINUTE_MS);
  const selection = { tenant, fromMinute: toMinute - minutes, toMinute, service: undefined, path: undefined };
  const data = await statistic(parts.stats, selection, signal);
  const response = create(GetStatsResponseSchema, { type, data });
  if (ttlMs > 0) await parts.cache.set(key, toBinary(GetStatsResponseSchema, response), ttlMs);
  return response;
}

/** Every status but 200, as {"404": 12}. */
async function errors(stats: LogStats, selection: StatsSelection, signal: AbortSignal) {
  const { statuses } = await tallyOf(stats, selection, signal);
  return Object.fromEntries([...statuses].filter(([status]) => status !== 200));
}

async function latency(stats: LogStats, selection: StatsSelection, signal: AbortSignal) {
  const { averageMs, maxMs } = latencyMs(await tallyOf(stats, selection, signal));
  return { avg_latency: averageMs, max_latency: maxMs };
}

async function traffic(stats: LogStats, selection: StatsSelection, signal: AbortSignal) {
  const { requests } = await tallyOf(stats, selection, signal);
  const [cell] = await stats.clients(selection, undefined, undefined, signal);
  return { total_request: requests, unique_ips: Math.round(cell?.clients.estimate() ?? 0) };
}

async function tallyOf(stats: LogStats, selection: StatsSelection, signal: AbortSignal): Promise<Tally> {
  const [cell] = await stats.requests(selection, undefined, undefined, signal);
  return cell?.tally ?? newTally();
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
