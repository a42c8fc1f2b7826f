import type { Connection as CoreConnection } from "mysql2";
import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { HyperLogLog } from "../../domain/hyperloglog.ts";
import { STORE_QUERY_MS_MAX } from "../../domain/limits.ts";
import { addTally, latencyMs, newTally, type Tally } from "../../domain/rollup.ts";
import type { LatencyStats, LogStats, TrafficStats } from "../../ports/log-stats.ts";
import type { MysqlConnections } from "./connections.ts";
import { TALLY_COLUMNS, tallyOf } from "./tally-columns.ts";

const OF_MINUTES = "WHERE tenant = ? AND minute BETWEEN ? AND ?";

/** Sums rollups: what it reads grows with the minutes, not with the records. */
export class MysqlLogStats implements LogStats {
  private readonly connections: MysqlConnections;

  constructor(connections: MysqlConnections) {
    this.connections = connections;
  }

  async statuses(
    tenant: string,
    fromMinute: number,
    toMinute: number,
    signal: AbortSignal,
  ): Promise<Map<number, number>> {
    return (await this.sum(tenant, fromMinute, toMinute, signal)).statuses;
  }

  async latency(tenant: string, fromMinute: number, toMinute: number, signal: AbortSignal): Promise<LatencyStats> {
    return latencyMs(await this.sum(tenant, fromMinute, toMinute, signal));
  }

  async traffic(tenant: string, fromMinute: number, toMinute: number, signal: AbortSignal): Promise<TrafficStats> {
    const { requests } = await this.sum(tenant, fromMinute, toMinute, signal);
    const clients = new HyperLogLog();
    await this.forEachRow("sketch", "rollup_clients", [tenant, fromMinute, toMinute], signal, (row) =>
      clients.merge(HyperLogLog.decode(row.sketch as Buffer)),
    );
    return { requests, uniqueIps: Math.round(clients.estimate()) };
  }

  check(): Promise<void> {
    return this.connections.check();
  }

  private async sum(tenant: string, fromMinute: number, toMinute: number, signal: AbortSignal): Promise<Tally> {
    const sum = newTally();
    const columns = TALLY_COLUMNS.join(", ");
    await this.forEachRow(columns, "rollup_minutes", [tenant, fromMinute, toMinute], signal, (row) =>
      addTally(sum, tallyOf(row)),
    );
    return sum;
  }

  /** One row at a time, so that the memory does not grow with the range. */
  private async forEachRow(
    columns: string,
    table: string,
    [tenant, fromMinute, toMinute]: readonly [string, number, number],
    signal: AbortSignal,
    take: (row: RowDataPacket) => void,
  ): Promise<void> {
    const sql = `SELECT ${columns} FROM ${table} ${OF_MINUTES}`;
    const values = [Buffer.from(tenant), fromMinute, toMinute];
    const readAll = async (connection: PoolConnection) => {
      // The promise interface gathers all rows; the connection below it, which its types do not show, streams them.
      const core = connection.connection as unknown as CoreConnection;
      for await (const row of core.query(sql, values).stream()) take(row as RowDataPacket);
    };
    await this.connections.use(readAll, STORE_QUERY_MS_MAX, signal);
  }
}
