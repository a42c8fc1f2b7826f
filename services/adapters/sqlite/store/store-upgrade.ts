import type { DatabaseSync } from "node:sqlite";
import { createHourTables } from "./hour-tables.ts";

/** Changes the tables of an older version, 1 or 2, into those of version 3; in a transaction. */
export function bringUpToDate(database: DatabaseSync, version: number): void {
  const days = database.prepare("SELECT day FROM rollup_days").all();
  if (version === 1)
    addLatenciesAndMarks(
      database,
      days.map(({ day }) => Number(day)),
    );
  for (const { day } of days) addHours(database, Number(day));
}

/**
 * Version 2; no row is written again.
 *
 * - Tallies have the distribution of their latencies; those that are there have none of theirs.
 * - The labels of a day's words hold marks; the days that are there have none, neither now nor in what they still get.
 */
function addLatenciesAndMarks(database: DatabaseSync, rollupDays: readonly number[]): void {
  for (const day of rollupDays) {
    for (const table of [`rollup_minutes_${day}`, `rollup_series_${day}`]) {
      database.exec(`ALTER TABLE ${table} ADD COLUMN latency_buckets BLOB NOT NULL DEFAULT x''`);
    }
  }
  database.exec("ALTER TABLE record_days ADD COLUMN has_marks INTEGER NOT NULL DEFAULT 0");
}

/** Version 3: rollups have hours. Those that are there are still to be summed up. Every minute's row is read for it. */
function addHours(database: DatabaseSync, day: number): void {
  createHourTables(database, day);
  const hour = "(minute - iif(minute < 0, 59, 0)) / 60"; // SQLite divides towards 0.
  database.exec(
    `INSERT INTO rollup_hour_states_${day} SELECT DISTINCT tenant, ${hour}, 0, 1, 0 FROM rollup_minutes_${day}`,
  );
}
