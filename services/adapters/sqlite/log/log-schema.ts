import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { LogPulseError } from "../../../domain/errors.ts";
import { SQLITE_LOG_CACHE_KIB } from "../../../domain/limits.ts";
import { openDatabase, transaction } from "../database.ts";
import { type FileMark, markedVersion, setMark } from "../file-mark.ts";

const MARK: FileMark = { what: "the log's file", applicationId: 0x4c67506c, version: 1, olderVersions: [] }; // "LgPl".
const LOG_ID_BYTES = 16;

const STATE_TABLES = `
  -- One row. log_id is drawn with the file: offsets mean something together with it only. partitions never changes.
  CREATE TABLE log_state (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    log_id BLOB NOT NULL,
    partitions INTEGER NOT NULL
  );

  -- What must outlive the messages. start_offset, start_bytes: of all that was trimmed away, the next offset and the
  -- sum of bytes. least_next_offset: the next message gets this offset or a higher one.
  CREATE TABLE log_partitions (
    log_partition INTEGER PRIMARY KEY,
    start_offset INTEGER NOT NULL,
    start_bytes INTEGER NOT NULL,
    least_next_offset INTEGER NOT NULL
  );
`;

/** Which log a file holds. */
export interface LogState {
  /** 32 hex digits. */
  logId: string;
  partitions: number;
}

/**
 * Opens the log's file for its one writer; creates it where there is none.
 *
 * `partitions`: of a new log. One that exists keeps its own number, which is fixed for life.
 * A file that is refused is left as it is, byte for byte.
 *
 * @throws LogPulseError `bug` where the file is another program's, or of another version of this one; `log_unavailable`
 *   where it is empty or missing, but its WAL is there.
 * @throws node:sqlite's error.
 */
export function openLog(path: string, partitions: number): { database: DatabaseSync; state: LogState } {
  // Opening for writing can change a file before anything of it is known: its mode, or what a crash has left behind.
  if (hasContent(path)) lookAt(path);
  else if (hasContent(`${path}-wal`)) throw lostFile(path); // SQLite would delete the WAL, and what is acknowledged in it.
  const database = openDatabase(path, { synchronous: "FULL", cacheKiB: SQLITE_LOG_CACHE_KIB });
  try {
    if (markedVersion(database, MARK) === undefined) transaction(database, () => createTables(database, partitions));
    return { database, state: readState(database) };
  } catch (reason) {
    database.close();
    throw reason;
  }
}

/** Opens it for reading; it must exist. Throws as `openLog`. */
export function openLogForReading(path: string): { database: DatabaseSync; state: LogState } {
  const database = openDatabase(path, { readOnly: true, synchronous: "FULL", cacheKiB: SQLITE_LOG_CACHE_KIB });
  try {
    if (markedVersion(database, MARK) === undefined) throw new LogPulseError("bug", "the log's file is empty");
    return { database, state: readState(database) };
  } catch (reason) {
    database.close();
    throw reason;
  }
}

function lostFile(path: string): LogPulseError {
  return new LogPulseError(
    "log_unavailable",
    `the log's file is empty or missing, but changes to it stand in ${path}-wal, which may hold acknowledged records. ` +
      "Nothing was changed. Either put both files back as they were at one time, or move the -wal away and so accept that " +
      "what was not stored yet is gone",
  );
}

function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Reads what is read first of every log, and both ends of each partition. */
function lookAt(path: string): void {
  const database = openDatabase(path, { readOnly: true, synchronous: "FULL", cacheKiB: SQLITE_LOG_CACHE_KIB });
  try {
    if (markedVersion(database, MARK) === undefined) return; // A crash between creating the file and its tables.
    const { partitions } = readState(database);
    database.prepare("SELECT sum(start_offset) FROM log_partitions").get();
    for (let partition = 0; partition < partitions; partition++) {
      for (const order of ["ASC", "DESC"]) {
        database.prepare(`SELECT end_bytes FROM messages_${partition} ORDER BY offset ${order} LIMIT 1`).get();
      }
    }
  } finally {
    database.close();
  }
}

function createTables(database: DatabaseSync, partitions: number): void {
  database.exec(STATE_TABLES);
  database.prepare("INSERT INTO log_state VALUES (1, ?, ?)").run(randomBytes(LOG_ID_BYTES), partitions);
  for (let partition = 0; partition < partitions; partition++) {
    // end_bytes: of all messages that there ever were, up to and with this one. It stands before the batch, so that
    // reading it reads no more of a large row than its first page.
    database.exec(`
      CREATE TABLE messages_${partition} (offset INTEGER PRIMARY KEY, end_bytes INTEGER NOT NULL, batch BLOB NOT NULL);
      INSERT INTO log_partitions VALUES (${partition}, 0, 0, 0);
    `);
  }
  setMark(database, MARK);
}

function readState(database: DatabaseSync): LogState {
  const row = database.prepare("SELECT log_id, partitions FROM log_state").get();
  const logId = Buffer.from((row?.log_id ?? "") as Uint8Array).toString("hex");
  if (logId.length !== 2 * LOG_ID_BYTES) throw new LogPulseError("log_unavailable", "the log's file has lost its id");
  return { logId, partitions: Number(row!.partitions) };
}
