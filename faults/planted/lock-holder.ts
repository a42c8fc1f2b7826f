import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, createConnection } from "mysql2/promise";
import type { PlantedRun } from "./planted-run.ts";

const ASK_EVERY_MS = 20;
const WAIT_MS_MAX = 20_000;
const LOCK_WAIT_TIMEOUT = 1205; // Also the answer to NOWAIT.

/** Another session of the database, which takes locks that LogPulse wants. */
export class LockHolder {
  private readonly connection: Connection;
  private readonly watcher: Connection;

  static async open(run: PlantedRun): Promise<LockHolder> {
    const url = run.places.mysqlUrl;
    const [connection, watcher] = [await createConnection(url), await createConnection(url)];
    run.atTheEnd(async () => {
      connection.destroy();
      watcher.destroy();
    });
    for (const session of [connection, watcher]) {
      await session.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"); // No locks where there is no row.
    }
    return new LockHolder(connection, watcher);
  }

  private constructor(connection: Connection, watcher: Connection) {
    this.connection = connection;
    this.watcher = watcher;
  }

  /** Begins a transaction, and runs statements in it. */
  async begin(...statements: readonly string[]): Promise<void> {
    await this.connection.beginTransaction();
    for (const statement of statements) await this.query(statement);
  }

  async query(statement: string): Promise<void> {
    await this.connection.query(statement);
  }

  /** Undoes all of it and gives the locks back. */
  async release(): Promise<void> {
    await this.connection.rollback();
  }

  /** Resolves when somebody has locked the row of that primary key. @throws Error where that does not happen. */
  async untilLocked(table: string, key: string): Promise<void> {
    for (const endMs = performance.now() + WAIT_MS_MAX; performance.now() < endMs; await sleep(ASK_EVERY_MS)) {
      try {
        await this.watcher.query(`SELECT 1 FROM ${table} WHERE ${key} FOR UPDATE NOWAIT`);
      } catch (reason) {
        if ((reason as { errno?: number }).errno === LOCK_WAIT_TIMEOUT) return;
        throw reason;
      }
    }
    throw new Error(`nobody has locked ${key} of ${table} within ${WAIT_MS_MAX} ms`);
  }
}
