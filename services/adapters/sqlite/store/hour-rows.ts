import type { DatabaseSync } from "node:sqlite";
import type { HourSum } from "../../../domain/hour-sum.ts";
import { seriesKey } from "../../../domain/rollup.ts";
import { EVERY_TOLD, toldNumber } from "../../../domain/told.ts";
import type { HourToSum } from "./hour-minutes.ts";
import { HOUR_STATE } from "./hour-tables.ts";
import { TALLY_COLUMNS, type TallyValues, tallyValues } from "./tally-columns.ts";

const SUMS_PER_SLICE = 1_000; // Some milliseconds.
const SKETCHES_PER_SLICE = 5; // The same, where each has many addresses.

/** The rows that the sums of an hour become, without its key. */
export interface HourRows {
  sums: [told: number, key: string, service: string, path: string, ...TallyValues][];
  clients: [service: string, sketch: Uint8Array][];
}

/** Encodes the sums, as far as somebody asks for the next slice: each takes some milliseconds. */
export function* hourRowsOf(sum: HourSum): Generator<void, HourRows> {
  const rows: HourRows = { sums: [], clients: [] };
  for (const told of EVERY_TOLD) {
    for (const { service, path, tally } of sum.groups(told)) {
      const key = seriesKey(service, path);
      if (rows.sums.push([toldNumber(told), key, service, path, ...tallyValues(tally)]) % SUMS_PER_SLICE === 0) yield;
    }
    yield;
  }
  for (const [service, sketch] of sum.clients) {
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
  const deleteSums = database.prepare(`DELETE FROM rollup_hour_sums_${day} WHERE tenant = ? AND told = ? AND hour = ?`);
  for (const told of EVERY_TOLD) deleteSums.run(tenant, toldNumber(told), hour);
  database.prepare(`DELETE FROM rollup_hour_clients_${day} WHERE tenant = ? AND hour = ?`).run(tenant, hour);
  if (rows) insertRows(database, found, rows);
}

/** Texts are made bytes by SQLite, and a series' key too: that is cheaper than here. */
function insertRows(database: DatabaseSync, { day, tenant, hour }: HourToSum, rows: HourRows): void {
  const text = "CAST(? AS BLOB)";
  const tally = TALLY_COLUMNS.map(() => "?").join(", ");
  const insertSum = database.prepare(
    `INSERT INTO rollup_hour_sums_${day} VALUES (?, ?, ?, unhex(?), ${text}, ${text}, ${tally})`,
  );
  for (const [told, ...values] of rows.sums) insertSum.run(tenant, told, hour, ...values);
  const insertClients = database.prepare(`INSERT INTO rollup_hour_clients_${day} VALUES (?, ?, ${text}, ?)`);
  for (const clients of rows.clients) insertClients.run(tenant, hour, ...clients);
}
