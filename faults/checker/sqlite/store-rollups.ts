import { ClientSketch } from "../client-sketch.ts";
import { clientsKey, type Rollups, seriesKey } from "../export-rollups.ts";
import { addSums, type RequestSums, sumsAt } from "../request-sums.ts";
import { varintsOf } from "../varints.ts";
import { bytesOf, type SqliteReader, type SqliteRow, textOf } from "./sqlite-reader.ts";

const SUMS = "requests, response_bytes, statuses, latency_count, latency_sum_ns, latency_max_ns";

/** The statistics of a tenant, over all producer days. */
export function storeRollups(reader: SqliteReader, tenant: string): Rollups {
  const rollups: Rollups = { minutes: new Map(), series: new Map(), clients: new Map(), hours: new Map() };
  const of = `tenant = (SELECT id FROM tenants WHERE name = X'${Buffer.from(tenant).toString("hex")}')`;
  for (const { day } of [...reader.rows("SELECT day FROM rollup_days")]) {
    for (const row of reader.rows(`SELECT minute, ${SUMS} FROM rollup_minutes_${day} WHERE ${of}`)) {
      addSums(sumsAt(rollups.minutes, String(row.minute)), sumsOf(row));
    }
    for (const row of reader.rows(`SELECT minute, service, path, ${SUMS} FROM rollup_series_${day} WHERE ${of}`)) {
      const key = seriesKey(Number(row.minute), textOf(row.service), textOf(row.path));
      addSums(sumsAt(rollups.series, key), sumsOf(row));
    }
    for (const row of reader.rows(`SELECT minute, service, sketch FROM rollup_clients_${day} WHERE ${of}`)) {
      const key = clientsKey(Number(row.minute), textOf(row.service));
      const sketch = rollups.clients.get(key) ?? new ClientSketch();
      sketch.merge(bytesOf(row.sketch));
      rollups.clients.set(key, sketch);
    }
  }
  return rollups;
}

function sumsOf(row: SqliteRow): RequestSums {
  const numbers = varintsOf(bytesOf(row.statuses)); // Status and count in turns.
  const statuses = new Map<number, number>();
  for (let at = 0; at < numbers.length; at += 2) statuses.set(numbers[at]!, numbers[at + 1]!);
  return {
    requests: Number(row.requests),
    responseBytes: BigInt(row.response_bytes as string),
    statuses,
    latencyCount: Number(row.latency_count),
    latencySumNanos: BigInt(row.latency_sum_ns as string),
    latencyMaxNanos: BigInt(row.latency_max_ns as string),
  };
}
