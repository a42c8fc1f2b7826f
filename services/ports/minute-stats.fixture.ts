import type { LogStats, StatsSelection } from "./log-stats.ts";

/** Every request of a tenant in those minutes, both included. */
export function everyRequest(tenant: string, fromMinute: number, toMinute: number): StatsSelection {
  return { tenant, fromMinute, toMinute, service: undefined, path: undefined };
}

/** Requests of a tenant in those minutes by status. */
export async function statusesOf(
  stats: LogStats,
  tenant: string,
  fromMinute: number,
  toMinute = fromMinute,
): Promise<Map<number, number>> {
  const selection = everyRequest(tenant, fromMinute, toMinute);
  const [cell] = await stats.requests(selection, undefined, undefined, AbortSignal.timeout(60_000));
  return cell?.tally.statuses ?? new Map();
}

/** Requests of a tenant in those minutes, and their distinct addresses. */
export async function trafficOf(
  stats: LogStats,
  tenant: string,
  fromMinute: number,
  toMinute = fromMinute,
): Promise<{ requests: number; uniqueIps: number }> {
  const selection = everyRequest(tenant, fromMinute, toMinute);
  const signal = AbortSignal.timeout(60_000);
  const [requests] = await stats.requests(selection, undefined, undefined, signal);
  const [clients] = await stats.clients(selection, undefined, undefined, signal);
  return { requests: requests?.tally.requests ?? 0, uniqueIps: Math.round(clients?.clients.estimate() ?? 0) };
}
