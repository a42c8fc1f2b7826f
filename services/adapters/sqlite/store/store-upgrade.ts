import type { DatabaseSync } from "node:sqlite";

/**
 * Changes the tables of version 1 into those of version 2; in a transaction. It takes no longer where there are many
 * rows: SQLite writes none of them again.
 *
 * - Tallies have the distribution of their latencies; those that are there have none of theirs.
 * - The labels of a day's words hold marks; the days that are there have none, neither now nor in what they still get.
 */
export function bringUpToDate(database: DatabaseSync): void {
  for (const { day } of database.prepare("SELECT day FROM rollup_days").all()) {
    for (const table of [`rollup_minutes_${day}`, `rollup_series_${day}`]) {
      database.exec(`ALTER TABLE ${table} ADD COLUMN latency_buckets BLOB NOT NULL DEFAULT x''`);
    }
  }
  database.exec("ALTER TABLE record_days ADD COLUMN has_marks INTEGER NOT NULL DEFAULT 0");
}
