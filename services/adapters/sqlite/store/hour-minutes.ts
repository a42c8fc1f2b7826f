import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { HourSum } from "../../../domain/hour-sum.ts";
import { HOUR_SUM_ROWS_MAX } from "../../../domain/limits.ts";
import { HOUR_STATE } from "./hour-tables.ts";
import { TALLY_COLUMNS, type TallyValues, tallyOf } from "./tally-columns.ts";

const SERIES_PER_SLICE = 500; // Some milliseconds.
const SKETCHES_PER_SLICE = 20; // The same, where each has many addresses.

/** An hour that is to be summed up, as its state was when it was found. */
export interface HourToSum {
  day: number;
  tenant: number;
  /** Since 1970. */
  hour: number;
  /** How often it was changed. */
  changes: number;
  changedMs: number;
}

/** Begins with what says its place among those of its hour. */
type MinuteRow = [minute: number, logPartition: number, name: Uint8Array, ...unknown[]];

/** The hours of a rollup day to be summed up that were last changed by then: those first that were so the longest ago. */
export function hoursToSum(database: DatabaseSync, day: number, changedMsMax: number, limit: number): HourToSum[] {
  const select = database.prepare(
    `SELECT tenant, hour, changes, changed_ms FROM rollup_hour_states_${day}
      WHERE state = ${HOUR_STATE.byMinutes} AND changed_ms <= ? ORDER BY changed_ms LIMIT ${limit}`,
  );
  return select.all(changedMsMax).map(({ tenant, hour, changes, changed_ms }) => ({
    day,
    tenant: Number(tenant),
    hour: Number(hour),
    changes: Number(changes),
    changedMs: Number(changed_ms),
  }));
}

/**
 * Sums all rows of the hour's minutes; undefined where it has too much for that. It reads as far as somebody asks for the
 * next slice: each takes some milliseconds. Others may change the tables between two slices, which is to be seen in the
 * hour's state; where they drop them, no other may be asked for.
 */
export function* sumOfMinutes(database: DatabaseSync, hour: HourToSum): Generator<void, HourSum | undefined> {
  if (seriesRowCount(database, hour) > HOUR_SUM_ROWS_MAX) return undefined;
  const sum = new HourSum();
  const columns = ["service", "path", ...TALLY_COLUMNS].join(", ");
  for (const rows of slices(database, hour, "rollup_series", "series", columns, SERIES_PER_SLICE)) {
    for (const row of rows) addSeriesRow(sum, row);
    if (sum.isTooMuch) return undefined;
    yield;
  }
  for (const rows of slices(database, hour, "rollup_clients", "service", "sketch", SKETCHES_PER_SLICE)) {
    for (const [, , service, sketch] of rows) sum.addClients(textOf(service), sketch as Uint8Array);
    if (sum.isTooMuch) return undefined;
    yield;
  }
  return sum;
}

/** How many series the hour's minutes have, each counted in every minute that has it. */
function seriesRowCount(database: DatabaseSync, { day, tenant, hour }: HourToSum): number {
  const sum = `SELECT total(series) AS count FROM rollup_minutes_${day} WHERE tenant = ? AND minute BETWEEN ? AND ?`;
  return Number(database.prepare(sum).get(tenant, ...minutesOf(hour))!.count);
}

function addSeriesRow(sum: HourSum, [, , series, service, path, ...values]: MinuteRow): void {
  const key = bytesOf(series).toString("hex");
  const known = sum.series.get(key); // Its texts are made once.
  const tally = tallyOf(values as TallyValues);
  sum.addSeries(key, known?.service ?? textOf(service), known?.path ?? textOf(path), tally);
}

/** The rows of the hour's minutes in the order of their places, so many at a time. */
function* slices(
  database: DatabaseSync,
  { day, tenant, hour }: HourToSum,
  table: "rollup_series" | "rollup_clients",
  name: "series" | "service",
  columns: string,
  rowsMax: number,
): Generator<MinuteRow[], void> {
  const place = `minute, log_partition, ${name}`;
  const statement = database.prepare(
    `SELECT ${place}, ${columns} FROM ${table}_${day} WHERE tenant = ? AND (${place}) > (?, ?, ?) AND minute <= ?
      ORDER BY ${place} LIMIT ${rowsMax}`,
  );
  statement.setReturnArrays(true);
  const [first, last] = minutesOf(hour);
  let before: SQLInputValue[] = [first, -1, new Uint8Array()];
  for (;;) {
    const rows = statement.all(tenant, ...before, last) as unknown as MinuteRow[];
    yield rows;
    if (rows.length < rowsMax) return;
    const [minute, logPartition, lastName] = rows.at(-1)!;
    before = [minute, logPartition, lastName];
  }
}

function minutesOf(hour: number): [first: number, last: number] {
  return [hour * 60, hour * 60 + 59];
}

function bytesOf(value: unknown): Buffer {
  const { buffer, byteOffset, length } = value as Uint8Array<ArrayBuffer>;
  return Buffer.from(buffer, byteOffset, length);
}

function textOf(value: unknown): string {
  return bytesOf(value).toString();
}
