import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LogPulseError, reasonText } from "../../domain/errors.ts";

const FOLDER_MODE = 0o700; // What people log is nobody else's.
const LOCK_FILE = "lock.db";
/** Beside it, since nobody can read a file that SQLite has locked. Only for the words of the refusal. */
const PID_FILE = "lock.pid";

// One that nobody remembers would be closed with the rest of the garbage, and the lock be given back.
const held = new Set<DatabaseSync>();

/** The right to use a data folder, until `close` or the end of the process, whatever its end is. */
export interface DataFolderLock {
  close(): Promise<void>;
}

/**
 * Makes the folder where there is none, and locks it: two processes that write one log would each lose what the other
 * has kept. The lock is SQLite's own on a file of its own; the system gives it back with the process.
 *
 * @throws LogPulseError `log_unavailable`: another process uses the folder, or it cannot be used at all.
 */
export async function lockDataFolder(folder: string): Promise<DataFolderLock> {
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    const database = openLocked(join(folder, LOCK_FILE));
    held.add(database);
    const pidFile = join(folder, PID_FILE);
    notePid(pidFile);
    return {
      async close() {
        if (!held.delete(database)) return; // It was given back before.
        rmSync(pidFile, { force: true });
        database.close();
      },
    };
  } catch (reason) {
    const message = isBusy(reason) ? inUse(folder) : `the data folder ${folder} cannot be used: ${whyNot(reason)}`;
    throw new LogPulseError("log_unavailable", message, { cause: reason });
  }
}

/** Only for the words of a refusal: where there is no room for it, they do without. */
function notePid(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch {
    rmSync(path, { force: true }); // Not the number of some process before.
  }
}

function openLocked(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // Nothing is written to it, ever, no journal either: a full disk is no reason not to start. But a file that could not
    // be written would not be locked, without a word.
    accessSync(path, constants.W_OK);
    database.exec("PRAGMA journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (reason) {
    database.close();
    throw reason;
  }
}

function inUse(folder: string): string {
  const user = `another LogPulse${pidOfUser(folder)}`;
  return `the data folder ${folder} is in use by ${user}: stop that one, or name another folder in LOGPULSE_DATA`;
}

/** In words, or nothing where it is not known. */
function pidOfUser(folder: string): string {
  try {
    const [pid] = /^\d{1,10}(?=\n$)/.exec(readFileSync(join(folder, PID_FILE), "utf8")) ?? [];
    return pid === undefined ? "" : ` (process ${pid})`;
  } catch {
    return ""; // It has not been written yet.
  }
}

function whyNot(reason: unknown): string {
  const isFile = reason instanceof Error && "code" in reason && (reason.code === "EEXIST" || reason.code === "ENOTDIR");
  return isFile ? "it, or what it should lie in, is a file and no folder" : reasonText(reason);
}

function isBusy(reason: unknown): boolean {
  const SQLITE_BUSY = 5;
  return reason instanceof Error && "errcode" in reason && reason.errcode === SQLITE_BUSY;
}
