import type { DatabaseSync } from "node:sqlite";
import { TALLY_DEFINITIONS } from "./tally-columns.ts";

/** Values of `state` in rollup_hour_states_D. */
export const HOUR_STATE = {
  /** Something was added since the hour was last summed up, if it ever was. */
  byMinutes: 0,
  /** The rows of the hour are the sums of its minutes. */
  summedUp: 1,
  /** It has more than can be summed up. */
  tooMuch: 2,
} as const;

/** What the tables of a day's hours are called, before the day. */
export const HOUR_TABLES: readonly string[] = ["rollup_hour_states", "rollup_hour_sums", "rollup_hour_clients"];

/**
 * The hours of a rollup day.
 *
 * - `rollup_hour_states_D`: a row for each hour that has rows by minute. Whoever changes those changes it too: `changes`
 *   goes up, and `changed_ms` is when it last did.
 * - The others: sums over all log partitions, made of the rows of the hour's minutes. They are to be read only where the
 *   hour's state says that it is summed up. `told`: as in adapters/mysql/tables.ts.
 */
export function createHourTables(database: DatabaseSync, day: number): void {
  database.exec(`
    CREATE TABLE rollup_hour_states_${day} (
      tenant INTEGER NOT NULL,
      hour INTEGER NOT NULL,
      state INTEGER NOT NULL,
      changes INTEGER NOT NULL,
      changed_ms INTEGER NOT NULL,
      PRIMARY KEY (tenant, hour)
    ) WITHOUT ROWID;
    CREATE INDEX rollup_hour_states_${day}_to_sum_up ON rollup_hour_states_${day} (changed_ms)
      WHERE state = ${HOUR_STATE.byMinutes};
    CREATE TABLE rollup_hour_sums_${day} (
      tenant INTEGER NOT NULL,
      told INTEGER NOT NULL,
      hour INTEGER NOT NULL,
      series BLOB NOT NULL,
      service BLOB NOT NULL,
      path BLOB NOT NULL,${TALLY_DEFINITIONS},
      PRIMARY KEY (tenant, told, hour, series)
    ) WITHOUT ROWID;
    CREATE TABLE rollup_hour_clients_${day} (
      tenant INTEGER NOT NULL,
      hour INTEGER NOT NULL,
      service BLOB NOT NULL,
      sketch BLOB NOT NULL,
      PRIMARY KEY (tenant, hour, service)
    ) WITHOUT ROWID;
  `);
}
