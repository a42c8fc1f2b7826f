import type { DatabaseSync } from "node:sqlite";
import { HourSum } from "../../../domain/hour-sum.ts";
import { addTally, newTally, type Tally } from "../../../domain/rollup.ts";
import { hourOf } from "../../../ports/stats-spans.ts";
import { HOUR_STATE } from "./hour-tables.ts";
import { TALLY_COLUMNS, type TallyValues, tallyOf, tallyValues } from "./tally-columns.ts";

type StoredRow = Record<string, unknown>;

/** Holds the hours of a rollup day against their minutes: a sentence for each that does not agree. */
export function hourDisagreements(database: DatabaseSync, day: number): string[] {
  const hours = database.prepare(`SELECT tenant, hour, state FROM rollup_hour_states_${day}`).all();
  const stated = new Set(hours.map(({ tenant, hour }) => `${tenant} ${hour}`));
  const minutes = database.prepare(`SELECT DISTINCT tenant, minute FROM rollup_minutes_${day}`).all();
  const wanted = new Set(minutes.map(({ tenant, minute }) => `${tenant} ${hourOf(Number(minute))}`));
  return [
    ...[...wanted].filter((hour) => !stated.has(hour)).map((hour) => `hour ${hour} has no state`),
    ...[...stated].filter((hour) => !wanted.has(hour)).map((hour) => `hour ${hour} has a state, but no minutes`),
    ...hours
      .filter(({ state }) => state === HOUR_STATE.summedUp)
      .flatMap(({ tenant, hour }) => sumDisagreements(database, day, Number(tenant), Number(hour))),
  ];
}

/** The sums of an hour are those of all rows of its minutes. */
function sumDisagreements(database: DatabaseSync, day: number, tenant: number, hour: number): string[] {
  const ofMinutes = (table: string) =>
    database
      .prepare(`SELECT * FROM ${table}_${day} WHERE tenant = ? AND minute BETWEEN ? AND ?`)
      .all(tenant, hour * 60, hour * 60 + 59);
  const ofHour = (table: string) =>
    database.prepare(`SELECT * FROM ${table}_${day} WHERE tenant = ? AND hour = ?`).all(tenant, hour);

  const total = newTally();
  for (const row of ofMinutes("rollup_minutes")) addTally(total, tallyOfRow(row));
  const sum = new HourSum();
  for (const row of ofMinutes("rollup_series")) {
    sum.addSeries(hex(row.series), hex(row.service), hex(row.path), tallyOfRow(row));
  }
  for (const row of ofMinutes("rollup_clients")) sum.addClients(hex(row.service), row.sketch as Uint8Array);

  const requests = ofHour("rollup_hours").map((row) => textOf(tallyOfRow(row)));
  const series = ofHour("rollup_hour_series").map((row) =>
    [hex(row.series), hex(row.service), hex(row.path), textOf(tallyOfRow(row))].join(),
  );
  const clients = ofHour("rollup_hour_clients").map((row) => [hex(row.service), hex(row.sketch)].join());
  const wantedSeries = [...sum.series].map(([key, one]) => [key, one.service, one.path, textOf(one.tally)].join());
  const wantedClients = [...sum.clients].map(([service, sketch]) => [service, hex(sketch.encode())].join());
  return [
    ...problem(tenant, hour, "requests", requests, [textOf(total)]),
    ...problem(tenant, hour, "series", series, wantedSeries),
    ...problem(tenant, hour, "clients", clients, wantedClients),
  ];
}

function problem(tenant: number, hour: number, what: string, there: string[], wanted: string[]): string[] {
  const isSame = there.sort().join("\n") === wanted.sort().join("\n");
  return isSame ? [] : [`hour ${tenant} ${hour}: its sums of ${what} are not those of its minutes`];
}

function tallyOfRow(row: StoredRow): Tally {
  return tallyOf(TALLY_COLUMNS.map((column) => row[column]) as unknown as TallyValues);
}

/** The same for tallies that are equal. */
function textOf(tally: Tally): string {
  const statuses = new Map([...tally.statuses].sort(([a], [b]) => a - b));
  return tallyValues({ ...tally, statuses })
    .map((value) => (value instanceof Uint8Array ? hex(value) : String(value)))
    .join();
}

function hex(bytes: unknown): string {
  return Buffer.from(bytes as Uint8Array).toString("hex");
}
