import { DatabaseSync } from "node:sqlite";
import { CommandFailure, EXIT } from "../exit-code.ts";

const SQLITE_BUSY = 5;

// A database that nobody remembers would be closed with the rest of the garbage, and the lock be given back.
const held = new Set<DatabaseSync>();

/**
 * The right to use a position file, until `release` or the end of the process, whatever its end is. The lock is SQLite's own
 * on a file beside it, to which nothing is ever written: the system gives it back with the process.
 */
export class PositionLock {
  private readonly database: DatabaseSync;

  /** @throws CommandFailure where another process has it. */
  constructor(path: string) {
    const lockPath = `${path}.lock`;
    try {
      this.database = openLocked(lockPath);
    } catch (reason) {
      const isBusy = reason instanceof Error && "errcode" in reason && reason.errcode === SQLITE_BUSY;
      if (!isBusy) throw new CommandFailure(EXIT.failed, `${lockPath} cannot be used: ${(reason as Error).message}`);
      throw new CommandFailure(
        EXIT.usage,
        `another logpulse send uses the position file ${path}`,
        "End that one, or give this one its own by --position-file.",
      );
    }
    held.add(this.database);
  }

  release(): void {
    if (held.delete(this.database)) this.database.close();
  }
}

function openLocked(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (reason) {
    database.close();
    throw reason;
  }
}
