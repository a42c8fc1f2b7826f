import { HyperLogLog } from "../../../domain/hyperloglog.ts";
import { addTally, latencyMs, newTally, type Tally } from "../../../domain/rollup.ts";
import type { LatencyStats, TrafficStats } from "../../../ports/log-stats.ts";
import { TALLY_COLUMNS, type TallyValues, tallyOf } from "../store/tally-columns.ts";
import { tenantNumber } from "./newest-rows.ts";
import { type Row, STILL_WANTED, type StoreReader } from "./store-reader.ts";

/** Requests by status, as `LogStats.statuses` promises them. */
export function statuses(
  reader: StoreReader,
  tenant: string,
  fromMinute: number,
  toMinute: number,
): Map<number, number> {
  return sumOf(reader, tenant, fromMinute, toMinute).statuses;
}

/** Latencies, as `LogStats.latency` promises them. */
export function latency(reader: StoreReader, tenant: string, fromMinute: number, toMinute: number): LatencyStats {
  return latencyMs(sumOf(reader, tenant, fromMinute, toMinute));
}

/** Requests and their distinct clients, as `LogStats.traffic` promises them. */
export function traffic(reader: StoreReader, tenant: string, fromMinute: number, toMinute: number): TrafficStats {
  const { requests } = sumOf(reader, tenant, fromMinute, toMinute);
  const clients = new HyperLogLog();
  forEachRow(reader, "sketch", "rollup_clients", [tenant, fromMinute, toMinute], ([sketch]) =>
    clients.merge(HyperLogLog.decode(sketch as Uint8Array)),
  );
  return { requests, uniqueIps: Math.round(clients.estimate()) };
}

/** Sums rollups: what it reads grows with the minutes, not with the records. */
function sumOf(reader: StoreReader, tenant: string, fromMinute: number, toMinute: number): Tally {
  const sum = newTally();
  forEachRow(reader, TALLY_COLUMNS.join(", "), "rollup_minutes", [tenant, fromMinute, toMinute], (row) => {
    const [requests, bytes, statusCounts, latencyCount, sumNanos, maxNanos] = row;
    const values = [Number(requests), bytes, statusCounts, Number(latencyCount), sumNanos, maxNanos];
    addTally(sum, tallyOf(values as TallyValues));
  });
  return sum;
}

/** The rows of those minutes, both included, of all days. */
function forEachRow(
  reader: StoreReader,
  columns: string,
  table: "rollup_minutes" | "rollup_clients",
  [tenantName, fromMinute, toMinute]: readonly [string, number, number],
  take: (row: Row) => void,
): void {
  const tenant = tenantNumber(reader, tenantName);
  if (tenant === undefined) return;
  for (const [day] of reader.rows("SELECT day FROM rollup_days")) {
    const where = `WHERE tenant = ? AND minute BETWEEN ? AND ? AND ${STILL_WANTED}`;
    reader.forEachRow(`SELECT ${columns} FROM ${table}_${day} ${where}`, [tenant, fromMinute, toMinute], take);
  }
}
