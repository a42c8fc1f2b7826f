import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { LogPulseError } from "../../domain/errors.ts";
import { addHourStates, addLaterColumns } from "./schema-upgrade.ts";
import { PARTITIONED_TABLES, WHOLE_TABLES } from "./tables.ts";

const SCHEMA_VERSION = 5;
const OLDER_VERSIONS: readonly number[] = [2, 3, 4];
const LOCK_SECONDS_MAX = 10;

/**
 * Creates what is missing, and brings tables of versions 2 to 4 forward. Whoever prepares at the same time waits.
 *
 * @throws LogPulseError `bug` where the tables are those of another version of the program.
 */
export async function createTables(connection: PoolConnection): Promise<void> {
  await underSchemaLock(connection, async () => {
    await connection.query("CREATE TABLE IF NOT EXISTS schema_version (version INT NOT NULL) ENGINE = InnoDB");
    const version = await versionOf(connection);
    if (version !== undefined && version !== SCHEMA_VERSION) await addLaterColumns(connection);
    await createMissing(connection);
    if (version !== undefined && version !== SCHEMA_VERSION) await addHourStates(connection);
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
