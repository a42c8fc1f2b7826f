import { DatabaseSync } from "node:sqlite";
import { SQLITE_BUSY_MS_MAX } from "../../domain/limits.ts";

/** How a file is opened. */
export interface DatabaseSettings {
  /** Only for reading: nothing is created, and nothing can be changed. */
  readOnly?: boolean;
  /**
   * "FULL": a commit is on the disk when it returns. "NORMAL": it is after the next checkpoint; a crash of the process
   * loses nothing, a crash of the machine loses the last commits, in order, and never tears one.
   */
  synchronous: "FULL" | "NORMAL";
  /** Memory for pages, in KiB. */
  cacheKiB: number;
}

const PAGE_BYTES = 8192; // Of a new file.

/**
 * Opens a database in WAL mode, so that readers and the one writer do not wait for each other.
 *
 * @throws node:sqlite's error, to be turned into a kind by `toLogError` or `toStoreError`.
 */
export function openDatabase(
  path: string,
  { readOnly = false, synchronous, cacheKiB }: DatabaseSettings,
): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly, timeout: SQLITE_BUSY_MS_MAX });
  try {
    if (!readOnly) database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL`);
    database.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA cache_size = -${cacheKiB}`);
    return database;
  } catch (reason) {
    database.close();
    throw reason;
  }
}

/** Runs `work` as one transaction: all of it is kept when this returns, or nothing where it throws. */
export function transaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (reason) {
    if (database.isTransaction) database.exec("ROLLBACK"); // SQLite has done it by itself after some errors.
    throw reason;
  }
}
