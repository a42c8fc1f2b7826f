import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { HOUR_STATE } from "./hour-states.ts";
import { addMissingPartitions, partitionDays } from "./table-partitions.ts";

/**
 * Columns that came later, with their tables. Rows that are there get zeros or nothing, at once: none is written again.
 *
 * Version 3 brought the first one, version 4 the others.
 */
const LATER_COLUMNS: readonly { table: string; column: string; type: string }[] = [
  { table: "records", column: "content_hash", type: "BINARY(8) NOT NULL" },
  { table: "rollup_minutes", column: "latency_buckets", type: "BLOB NOT NULL" },
  { table: "rollup_series", column: "latency_buckets", type: "BLOB NOT NULL" },
];

/** Brings the columns of version 4 to tables of version 2 or 3. */
export async function addLaterColumns(connection: PoolConnection): Promise<void> {
  for (const { table, column, type } of LATER_COLUMNS) {
    const [columns] = await connection.query<RowDataPacket[]>(
      "SELECT 1 FROM information_schema.COLUMNS " +
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ?",
      [table, column],
    );
    if (columns.length > 0) continue; // Whoever began this did not come to its end.
    await connection.query(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
  }
}

/**
 * Tables of versions before 5 have no hours: each that has minutes gets its state, and is summed up later. A day at a time,
 * so that whoever does not come to the end is gone on with.
 */
export async function addHourStates(connection: PoolConnection): Promise<void> {
  const days = [...((await partitionDays(connection)).get("rollup_minutes") ?? [])];
  await addMissingPartitions(connection, days);
  for (const day of [0, ...days]) {
    const [done] = await connection.query<RowDataPacket[]>(
      `SELECT 1 FROM rollup_hour_states PARTITION (p${day}) LIMIT 1`,
    );
    if (done.length > 0) continue;
    await connection.query(
      "INSERT INTO rollup_hour_states (tenant, hour, log_partition, producer_day, state, changes, changed_ms) " +
        "SELECT DISTINCT tenant, FLOOR(minute / 60), log_partition, producer_day, ?, 0, 0 " +
        `FROM rollup_minutes PARTITION (p${day})`,
      [HOUR_STATE.byMinutes],
    );
  }
}
