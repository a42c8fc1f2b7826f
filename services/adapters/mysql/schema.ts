import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { LogPulseError } from "../../domain/errors.ts";
import { PARTITIONED_TABLES, WHOLE_TABLES } from "./tables.ts";

const SCHEMA_VERSION = 4;
const OLDER_VERSIONS: readonly number[] = [2, 3];
const LOCK_SECONDS_MAX = 10;

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

/**
 * Creates what is missing, and brings tables of versions 2 and 3 forward. Whoever prepares at the same time waits.
 *
 * @throws LogPulseError `bug` where the tables are those of another version of the program.
 */
export async function createTables(connection: PoolConnection): Promise<void> {
  await underSchemaLock(connection, async () => {
    await connection.query("CREATE TABLE IF NOT EXISTS schema_version (version INT NOT NULL) ENGINE = InnoDB");
    const version = await versionOf(connection);
    if (version !== undefined && version !== SCHEMA_VERSION) await addLaterColumns(connection);
    await createMissing(connection);
    if (version === SCHEMA_VERSION) return;
    if (version !== undefined) await connection.query("DELETE FROM schema_version");
    await connection.query("INSERT INTO schema_version VALUES (?)", [SCHEMA_VERSION]);
  });
}

/** Runs `work` while nobody else changes the tables of this database. */
export async function underSchemaLock<T>(connection: PoolConnection, work: () => Promise<T>): Promise<T> {
  const name = "CONCAT('logpulse-schema-', MD5(DATABASE()))"; // At most 64 characters.
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT GET_LOCK(${name}, ${LOCK_SECONDS_MAX}) AS held`);
  if (Number(rows[0]?.held) !== 1) {
    throw new LogPulseError("store_unavailable", "somebody else is changing the tables of the database");
  }
  const result = await work(); // Where it fails, the connection is closed, which gives the lock back.
  await connection.query(`SELECT RELEASE_LOCK(${name})`);
  return result;
}

/** Undefined for a database without tables of ours. */
async function versionOf(connection: PoolConnection): Promise<number | undefined> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT version FROM schema_version");
  if (!rows[0]) return undefined;
  const version = Number(rows[0].version);
  if (version !== SCHEMA_VERSION && !OLDER_VERSIONS.includes(version)) {
    throw new LogPulseError(
      "bug",
      `the database has tables of version ${version}; this program knows version ${SCHEMA_VERSION}: ` +
        "name an empty database in its URL, or run the program that made these tables",
    );
  }
  return version;
}

async function createMissing(connection: PoolConnection): Promise<void> {
  for (const [table, columns] of Object.entries(PARTITIONED_TABLES)) {
    // The last partition of a table cannot be dropped: the day 0 stays, so that every other may go.
    const partitions = "PARTITION BY LIST (producer_day) (PARTITION p0 VALUES IN (0))";
    await connection.query(`CREATE TABLE IF NOT EXISTS ${table} (${columns}) ENGINE = InnoDB ${partitions}`);
  }
  for (const [table, columns] of Object.entries(WHOLE_TABLES)) {
    await connection.query(`CREATE TABLE IF NOT EXISTS ${table} (${columns}) ENGINE = InnoDB`);
  }
  await connection.query("INSERT INTO store_state VALUES (1, 0) ON DUPLICATE KEY UPDATE only_row = only_row");
}

async function addLaterColumns(connection: PoolConnection): Promise<void> {
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
