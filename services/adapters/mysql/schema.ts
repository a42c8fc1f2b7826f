import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { LogPulseError } from "../../domain/errors.ts";

const SCHEMA_VERSION = 2;
const LOCK_SECONDS_MAX = 10;

/** Sums over requests, in both rollup tables. DECIMAL where 64 bits could overflow. */
const TALLY = `
  requests BIGINT NOT NULL,
  response_bytes DECIMAL(38, 0) NOT NULL,
  statuses BLOB NOT NULL,
  latency_count BIGINT NOT NULL,
  latency_sum_ns DECIMAL(38, 0) NOT NULL,
  latency_max_ns DECIMAL(38, 0) NOT NULL`;

/**
 * What each table holds. Text is VARBINARY, its UTF-8 bytes: the one collation that MySQL and MariaDB share for exact
 * comparison, utf8mb4_bin, takes "a" and "a " for equal.
 *
 * Every table is partitioned by the day of the producer's id, so that retention drops partitions. LIST and not RANGE:
 * days come in any order, and RANGE takes only later ones.
 */
const TABLES: Readonly<Record<string, string>> = {
  // One row per record. `record` is the encoded LogRecord as it was sent; what is asked for or listed has a column of
  // its own, so that a list reads no whole records. DECIMAL(28) holds any seconds of 64 bits as nanoseconds.
  // The index answers the conditions of a list, but for the path, without touching the rows.
  records: `
    producer_day INT NOT NULL,
    tenant VARBINARY(64) NOT NULL,
    producer BINARY(16) NOT NULL,
    seq BIGINT NOT NULL,
    time_ns BIGINT NOT NULL,
    received_ns BIGINT NOT NULL,
    severity TINYINT UNSIGNED NOT NULL,
    severity_text VARBINARY(64) NOT NULL,
    service VARBINARY(256) NOT NULL,
    has_http TINYINT NOT NULL,
    client_ip VARBINARY(64),
    method VARBINARY(64),
    method_lower VARBINARY(128),
    path VARBINARY(8191),
    status INT,
    latency_ns DECIMAL(28, 0),
    record MEDIUMBLOB NOT NULL,
    PRIMARY KEY (producer_day, tenant, producer, seq),
    INDEX by_time (tenant, has_http, time_ns, producer, seq, status, method_lower, client_ip)`,
  // One row per producer: which seqs are settled. Its row is the lock under which a transaction settles records.
  settled_seqs: `
    producer_day INT NOT NULL,
    tenant VARBINARY(64) NOT NULL,
    producer BINARY(16) NOT NULL,
    ranges BLOB NOT NULL,
    PRIMARY KEY (producer_day, tenant, producer)`,
  // One row per minute of the records' own time: the sums over all requests, and how many series rows there are. Its
  // row is the lock under which the rollup_series and rollup_clients of the minute change.
  rollup_minutes: `
    tenant VARBINARY(64) NOT NULL,
    minute BIGINT NOT NULL,
    log_partition INT NOT NULL,
    producer_day INT NOT NULL,
    series INT NOT NULL,${TALLY},
    PRIMARY KEY (tenant, minute, log_partition, producer_day)`,
  // One row per minute, service and path. `series` is a hash of the two: a path is longer than a key may be.
  rollup_series: `
    tenant VARBINARY(64) NOT NULL,
    minute BIGINT NOT NULL,
    log_partition INT NOT NULL,
    series BINARY(16) NOT NULL,
    producer_day INT NOT NULL,
    service VARBINARY(256) NOT NULL,
    path VARBINARY(8191) NOT NULL,${TALLY},
    PRIMARY KEY (tenant, minute, log_partition, series, producer_day)`,
  // One row per minute and service: a sketch of the distinct client addresses.
  rollup_clients: `
    tenant VARBINARY(64) NOT NULL,
    minute BIGINT NOT NULL,
    log_partition INT NOT NULL,
    service VARBINARY(256) NOT NULL,
    producer_day INT NOT NULL,
    sketch BLOB NOT NULL,
    PRIMARY KEY (tenant, minute, log_partition, service, producer_day)`,
};

/** The tables that have a partition for each day. */
export const PARTITIONED_TABLES: readonly string[] = Object.keys(TABLES);

/**
 * Creates what is missing. Whoever prepares at the same time waits.
 *
 * @throws LogPulseError `bug` where the tables are those of another version of the program.
 */
export async function createTables(connection: PoolConnection): Promise<void> {
  await underSchemaLock(connection, async () => {
    await connection.query("CREATE TABLE IF NOT EXISTS schema_version (version INT NOT NULL) ENGINE = InnoDB");
    const [rows] = await connection.query<RowDataPacket[]>("SELECT version FROM schema_version");
    const version = rows[0] ? Number(rows[0].version) : undefined;
    if (version !== undefined && version !== SCHEMA_VERSION) {
      const said = `the database has tables of version ${version}; this program knows version ${SCHEMA_VERSION}`;
      throw new LogPulseError("bug", said);
    }
    for (const [table, columns] of Object.entries(TABLES)) {
      // The last partition of a table cannot be dropped: the day 0 stays, so that every other may go.
      const partitions = "PARTITION BY LIST (producer_day) (PARTITION p0 VALUES IN (0))";
      await connection.query(`CREATE TABLE IF NOT EXISTS ${table} (${columns}) ENGINE = InnoDB ${partitions}`);
    }
    if (version === undefined) await connection.query("INSERT INTO schema_version VALUES (?)", [SCHEMA_VERSION]);
  });
}

/** Runs `work` while nobody else changes the tables of this database. */
export async function underSchemaLock(connection: PoolConnection, work: () => Promise<void>): Promise<void> {
  const name = "CONCAT('logpulse-schema-', MD5(DATABASE()))"; // At most 64 characters.
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT GET_LOCK(${name}, ${LOCK_SECONDS_MAX}) AS held`);
  if (Number(rows[0]?.held) !== 1) {
    throw new LogPulseError("store_unavailable", "somebody else is changing the tables of the database");
  }
  await work(); // Where it fails, the connection is closed, which gives the lock back.
  await connection.query(`SELECT RELEASE_LOCK(${name})`);
}
