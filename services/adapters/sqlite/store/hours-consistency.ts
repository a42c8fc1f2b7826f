import type { DatabaseSync } from "node:sqlite";
import { HourSum } from "../../../domain/hour-sum.ts";
import { addTally, newTally, seriesKey, type Tally } from "../../../domain/rollup.ts";
import { EVERY_TOLD, toldNumber } from "../../../domain/told.ts";
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
    sum.addSeries(hex(row.series), textOf(row.service), textOf(row.path), tallyOfRow(row));
  }
  for (const row of ofMinutes("rollup_clients")) sum.addClients(hex(row.service), row.sketch as Uint8Array);

  const sums = ofHour("rollup_hour_sums").map((row) =>
    [row.told, hex(row.series), textOf(row.service), textOf(row.path), tallyText(tallyOfRow(row))].join(),
  );
  const clients = ofHour("rollup_hour_clients").map((row) => [hex(row.service), hex(row.sketch)].join());
  const wantedSums = EVERY_TOLD.flatMap((told) =>
    sum.groups(told).map(({ service, path, tally }) => {
      const ofNothing = !told.service && !told.path; // Minutes say it themselves.
      return [toldNumber(told), seriesKey(service, path), service, path, tallyText(ofNothing ? total : tally)].join();
    }),
  );
  const wantedClients = [...sum.clients].map(([service, sketch]) => [service, hex(sketch.encode())].join());
  return [
    ...problem(tenant, hour, "requests", sums, wantedSums),
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
function tallyText(tally: Tally): string {
  const statuses = new Map([...tally.statuses].sort(([a], [b]) => a - b));
  return tallyValues({ ...tally, statuses })
    .map((value) => (value instanceof Uint8Array ? hex(value) : String(value)))
    .join();
}

function textOf(bytes: unknown): string {
  return Buffer.from(bytes as Uint8Array).toString();
}

function hex(bytes: unknown): string {
  return Buffer.from(bytes as Uint8Array).toString("hex");
}
