import type { DatabaseSync } from "node:sqlite";
import type { LoggedBatch } from "../../../domain/logged-batch.ts";
import { transaction } from "../database.ts";
import { storeInVersion1 } from "./version-1-store.fixture.ts";

/** Makes the tables of an empty file as version 1 did, stores a batch, and brings them up to date as version 2 did. */
export function storeInVersion2(database: DatabaseSync, batch: LoggedBatch): void {
  storeInVersion1(database, batch);
  transaction(database, () => {
    // What the second version did with a file of the first, letter for letter.
    for (const { day } of database.prepare("SELECT day FROM rollup_days").all()) {
      for (const table of [`rollup_minutes_${day}`, `rollup_series_${day}`]) {
        database.exec(`ALTER TABLE ${table} ADD COLUMN latency_buckets BLOB NOT NULL DEFAULT x''`);
      }
    }
    database.exec("ALTER TABLE record_days ADD COLUMN has_marks INTEGER NOT NULL DEFAULT 0");
    database.exec("PRAGMA user_version = 2");
  });
}
