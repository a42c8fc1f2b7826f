import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { HourSum } from "../../domain/hour-sum.ts";
import { HOUR_SUM_ROWS_MAX } from "../../domain/limits.ts";
import { forEachRow } from "./each-row.ts";
import { tallyOf } from "./tally-columns.ts";

/** An hour of one tenant and producer day. */
export interface StoredHourKey {
  tenant: Buffer;
  /** Since 1970. */
  hour: number;
  producerDay: number;
}

/** How often the hour was changed, by log partition. */
export type HourChanges = ReadonlyMap<number, string>;

/** What is read of an hour before it is summed up. */
export interface HourToSum {
  states: HourChanges;
  /** Undefined where it has more than can be summed up. */
  sum: HourSum | undefined;
}

/** Sums the rows of the hour's minutes. Where somebody adds to them meanwhile, `states` are no longer what they were. */
export async function readHour(connection: PoolConnection, key: StoredHourKey): Promise<HourToSum> {
  const states = await hourChanges(connection, key);
  const values = [key.producerDay, key.tenant, key.hour * 60, key.hour * 60 + 59];
  const where = "producer_day = ? AND tenant = ? AND minute BETWEEN ? AND ?";
  const [[rows]] = await connection.query<RowDataPacket[]>(
    `SELECT SUM(series) AS count FROM rollup_minutes WHERE ${where}`,
    values,
  );
  const sum = new HourSum();
  if (Number(rows?.count) > HOUR_SUM_ROWS_MAX) return { states, sum: undefined };
  await forEachRow(connection, `SELECT * FROM rollup_series WHERE ${where}`, values, (row) => {
    if (sum.isTooMuch) return;
    sum.addSeries((row.series as Buffer).toString("hex"), textOf(row.service), textOf(row.path), tallyOf(row));
  });
  await forEachRow(connection, `SELECT service, sketch FROM rollup_clients WHERE ${where}`, values, (row) => {
    if (!sum.isTooMuch) sum.addClients(textOf(row.service), row.sketch as Buffer);
  });
  return { states, sum: sum.isTooMuch ? undefined : sum };
}

/** `lock`: nobody changes the states that there are, until the transaction ends; new ones may come. */
export async function hourChanges(
  connection: PoolConnection,
  { tenant, hour, producerDay }: StoredHourKey,
  { lock = false } = {},
): Promise<HourChanges> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT log_partition, changes FROM rollup_hour_states WHERE producer_day = ? AND tenant = ? AND hour = ?" +
      `${lock ? " FOR UPDATE" : ""}`,
    [producerDay, tenant, hour],
  );
  return new Map(rows.map(({ log_partition, changes }) => [Number(log_partition), String(changes)]));
}

function textOf(bytes: unknown): string {
  return (bytes as Buffer).toString();
}
