import type { RowDataPacket } from "mysql2";
import { ClientSketch } from "./client-sketch.ts";
import type { MysqlReader } from "./mysql-reader.ts";
import { addSums, type RequestSums, sumsAt } from "./request-sums.ts";
import { varintsOf } from "./varints.ts";

/** The statistics of a tenant, summed over log partitions and producer days. */
export interface Rollups {
  /** By `minute`. */
  minutes: Map<string, RequestSums>;
  /** By `seriesKey`. */
  series: Map<string, RequestSums>;
  /** By `clientsKey`. */
  clients: Map<string, ClientSketch>;
  /** By hour since 1970: what the sums of hours say, of hours that are summed up. */
  hours: Map<string, RequestSums>;
}

/** One text for a minute, a service and a path. */
export function seriesKey(minute: number, service: string, path: string): string {
  return JSON.stringify([minute, service, path]);
}

/** One text for a minute and a service. */
export function clientsKey(minute: number, service: string): string {
  return JSON.stringify([minute, service]);
}

const SUMS = "requests, response_bytes, statuses, latency_count, latency_sum_ns, latency_max_ns";

/** The tables of statistics, by minute and by hour. */
export async function exportRollups(reader: MysqlReader, tenant: string): Promise<Rollups> {
  const rollups: Rollups = { minutes: new Map(), series: new Map(), clients: new Map(), hours: new Map() };
  const of = `WHERE tenant = X'${Buffer.from(tenant).toString("hex")}'`;
  for await (const row of reader.rows(`SELECT minute, ${SUMS} FROM rollup_minutes ${of}`)) {
    addSums(sumsAt(rollups.minutes, String(Number(row.minute))), sumsOf(row));
  }
  for await (const row of reader.rows(`SELECT minute, service, path, ${SUMS} FROM rollup_series ${of}`)) {
    addSums(sumsAt(rollups.series, seriesKey(Number(row.minute), String(row.service), String(row.path))), sumsOf(row));
  }
  for await (const row of reader.rows(`SELECT minute, service, sketch FROM rollup_clients ${of}`)) {
    const key = clientsKey(Number(row.minute), String(row.service));
    const sketch = rollups.clients.get(key) ?? new ClientSketch();
    sketch.merge(row.sketch as Buffer);
    rollups.clients.set(key, sketch);
  }
  const summedUp = `SELECT hour FROM rollup_hour_states ${of} GROUP BY hour HAVING MIN(state) = 1 AND MAX(state) = 1`;
  const sums = `SELECT hour, ${SUMS} FROM rollup_hour_sums ${of} AND told = 0 AND hour IN (${summedUp})`;
  for await (const row of reader.rows(sums)) addSums(sumsAt(rollups.hours, String(Number(row.hour))), sumsOf(row));
  return rollups;
}

function sumsOf(row: RowDataPacket): RequestSums {
  const numbers = varintsOf(row.statuses as Buffer); // Status and count in turns.
  const statuses = new Map<number, number>();
  for (let at = 0; at < numbers.length; at += 2) statuses.set(numbers[at]!, numbers[at + 1]!);
  return {
    requests: Number(row.requests),
    responseBytes: BigInt(row.response_bytes),
    statuses,
    latencyCount: Number(row.latency_count),
    latencySumNanos: BigInt(row.latency_sum_ns),
    latencyMaxNanos: BigInt(row.latency_max_ns),
  };
}
