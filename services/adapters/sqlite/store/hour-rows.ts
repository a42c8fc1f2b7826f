import type { DatabaseSync } from "node:sqlite";
import type { HourSum } from "../../../domain/hour-sum.ts";
import type { HourToSum } from "./hour-minutes.ts";
import { HOUR_STATE } from "./hour-tables.ts";
import { TALLY_COLUMNS, type TallyValues, tallyValues } from "./tally-columns.ts";

const SERIES_PER_SLICE = 1_000; // Some milliseconds.
const SKETCHES_PER_SLICE = 5; // The same, where each has many addresses.

/** The rows that the sums of an hour become, without its key. */
export interface HourRows {
  tally: TallyValues;
  series: [key: string, service: string, path: string, ...TallyValues][];
  clients: [service: string, sketch: Uint8Array][];
}

/** Encodes the sums, as far as somebody asks for the next slice: each takes some milliseconds. */
export function* hourRowsOf({ tally, series, clients }: HourSum): Generator<void, HourRows> {
  const rows: HourRows = { tally: tallyValues(tally), series: [], clients: [] };
  for (const [key, one] of series) {
    if (rows.series.push([key, one.service, one.path, ...tallyValues(one.tally)]) % SERIES_PER_SLICE === 0) yield;
  }
  for (const [service, sketch] of clients) {
    if (rows.clients.push([service, sketch.encode()]) % SKETCHES_PER_SLICE === 0) yield;
  }
  return rows;
}

/**
 * Writes the sums in the place of the hour's former ones, and says so in its state; none: that it has too much for that.
 * In a transaction. Where something was added since the hour was found, nothing is changed.
 */
export function saveHour(database: DatabaseSync, found: HourToSum, rows: HourRows | undefined): void {
  const { day, tenant, hour, changes } = found;
  const settle = database.prepare(
    `UPDATE rollup_hour_states_${day} SET state = ?
      WHERE tenant = ? AND hour = ? AND state = ${HOUR_STATE.byMinutes} AND changes = ?`,
  );
  const state = rows ? HOUR_STATE.summedUp : HOUR_STATE.tooMuch;
  if (settle.run(state, tenant, hour, changes).changes === 0) return;
  for (const table of ["rollup_hours", "rollup_hour_series", "rollup_hour_clients"]) {
    database.prepare(`DELETE FROM ${table}_${day} WHERE tenant = ? AND hour = ?`).run(tenant, hour);
  }
  if (rows) insertRows(database, found, rows);
}

/** Texts are made bytes by SQLite, and a series' key too: that is cheaper than here. */
function insertRows(database: DatabaseSync, { day, tenant, hour }: HourToSum, rows: HourRows): void {
  const text = "CAST(? AS BLOB)";
  const tally = TALLY_COLUMNS.map(() => "?").join(", ");
  const insertHour = database.prepare(`INSERT INTO rollup_hours_${day} VALUES (?, ?, ${tally})`);
  insertHour.run(tenant, hour, ...rows.tally);
  const insertSeries = database.prepare(
    `INSERT INTO rollup_hour_series_${day} VALUES (?, ?, unhex(?), ${text}, ${text}, ${tally})`,
  );
  for (const series of rows.series) insertSeries.run(tenant, hour, ...series);
  const insertClients = database.prepare(`INSERT INTO rollup_hour_clients_${day} VALUES (?, ?, ${text}, ?)`);
  for (const clients of rows.clients) insertClients.run(tenant, hour, ...clients);
}
