import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { HyperLogLog } from "../../domain/hyperloglog.ts";
import type { MinuteRollup, Tally } from "../../domain/rollup.ts";
import { tallyOf } from "./tally-columns.ts";

const KEYS_MAX = 500; // Of one SELECT: servers stop looking rows up one by one where there are too many.

/** What is rolled up together: the rows of one tenant, log partition and producer day. */
export interface RollupGroup {
  tenant: string;
  logPartition: number;
  producerDay: number;
  minutes: Map<number, MinuteRollup>;
}

/** Keys of rows (a series, a service) for each minute. */
type KeysByMinute = readonly (readonly [minute: number, keys: readonly string[]])[];

/** The stored rows of these minutes. */
export async function storedMinutes(
  connection: PoolConnection,
  group: RollupGroup,
  minutes: readonly number[],
): Promise<Map<number, { series: number; tally: Tally }>> {
  const found = new Map<number, { series: number; tally: Tally }>();
  for (let start = 0; start < minutes.length; start += KEYS_MAX) {
    const condition = { text: "minute IN (?)", values: [minutes.slice(start, start + KEYS_MAX)] };
    for (const row of await select(connection, "rollup_minutes", group, condition)) {
      found.set(Number(row.minute), { series: Number(row.series), tally: tallyOf(row) });
    }
  }
  return found;
}

/** The stored tallies of these series, by minute and series key. */
export async function storedSeries(
  connection: PoolConnection,
  group: RollupGroup,
  keys: KeysByMinute,
): Promise<Map<number, Map<string, Tally>>> {
  const found = new Map<number, Map<string, Tally>>();
  for (const condition of conditions("series", keys, "hex")) {
    for (const row of await select(connection, "rollup_series", group, condition)) {
      const minute = Number(row.minute);
      const tallies = found.get(minute) ?? new Map<string, Tally>();
      found.set(minute, tallies.set((row.series as Buffer).toString("hex"), tallyOf(row)));
    }
  }
  return found;
}

/** The stored sketches of these services' clients; an empty one where none is stored. */
export async function storedClients(
  connection: PoolConnection,
  group: RollupGroup,
  keys: KeysByMinute,
): Promise<(minute: number, service: string) => HyperLogLog> {
  const found = new Map<string, Buffer>();
  for (const condition of conditions("service", keys, "utf8")) {
    for (const row of await select(connection, "rollup_clients", group, condition)) {
      found.set(`${row.minute} ${(row.service as Buffer).toString()}`, row.sketch as Buffer);
    }
  }
  return (minute, service) => HyperLogLog.decode(found.get(`${minute} ${service}`) ?? new Uint8Array());
}

interface Condition {
  text: string;
  values: unknown[];
}

/** `(minute = ? AND column IN (?)) OR …`, with at most KEYS_MAX keys each. */
function conditions(column: "series" | "service", keys: KeysByMinute, encoding: BufferEncoding): Condition[] {
  const flat = keys.flatMap(([minute, some]) => some.map((key) => ({ minute, key: Buffer.from(key, encoding) })));
  const all: Condition[] = [];
  for (let start = 0; start < flat.length; start += KEYS_MAX) {
    const byMinute = Map.groupBy(flat.slice(start, start + KEYS_MAX), ({ minute }) => minute);
    const part = `(minute = ? AND ${column} IN (?))`;
    all.push({
      text: `(${[...byMinute].map(() => part).join(" OR ")})`,
      values: [...byMinute].flatMap(([minute, some]) => [minute, some.map(({ key }) => key)]),
    });
  }
  return all;
}

/** Plain reads: the minute's row is locked, and every statement sees what was committed before it. */
async function select(
  connection: PoolConnection,
  table: string,
  { tenant, logPartition, producerDay }: RollupGroup,
  { text, values }: Condition,
): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT * FROM ${table} WHERE producer_day = ? AND tenant = ? AND log_partition = ? AND ${text}`,
    [producerDay, Buffer.from(tenant), logPartition, ...values],
  );
  return rows;
}
