import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, createConnection, createPool, type Pool, type PoolConnection } from "mysql2/promise";
import { LogPulseError } from "../../domain/errors.ts";
import {
  RETRY_WAIT_MS_MIN,
  STORE_ATTEMPTS_MAX,
  STORE_CHECK_MS_MAX,
  STORE_QUERY_MS_MAX,
  STORE_WRITE_MS_MAX,
} from "../../domain/limits.ts";
import { isLockConflict, toStoreError } from "./errors.ts";
import type { MysqlSettings } from "./settings.ts";

/** How long a session waits for a table that another one changes or uses. */
export const TABLE_WAIT_SECONDS_MAX = 5;

/**
 * Every session is the same whatever the server's settings are: values that do not fit are errors and never cut off,
 * nobody waits longer for a lock than a call may take (the server's own limit for tables is a year), and each statement
 * sees what was committed before it.
 */
const SESSION = [
  "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1, " +
    `innodb_lock_wait_timeout = 5, lock_wait_timeout = ${TABLE_WAIT_SECONDS_MAX}`,
];

/** How a transaction ends: its work says whether it is to be kept. */
export interface Outcome<T> {
  commit: boolean;
  value: T;
}

/** The connections of one MySQL adapter: a bounded pool, and the time bounds of everything done with it. */
export class MysqlConnections {
  private readonly settings: MysqlSettings;
  private readonly pool: Pool;
  private readonly prepared = new WeakSet<object>();
  private readonly open = new Set<CoreConnection>();
  private closing: Promise<void> | undefined;

  /** Connects when it is first used. */
  constructor(settings: MysqlSettings) {
    this.settings = settings;
    this.pool = createPool({
      uri: settings.url,
      connectionLimit: settings.connectionsMax,
      connectTimeout: STORE_QUERY_MS_MAX,
      charset: "utf8mb4",
      supportBigNumbers: true,
      flags: ["-FOUND_ROWS"], // The rows of a change are those that it changed, not those that it found.
      bigNumberStrings: true, // Every BIGINT and DECIMAL as text: 64 bits never pass through a JavaScript number.
    });
    this.pool.pool.on("connection", (made) => {
      const connection = made as unknown as CoreConnection;
      // mysql2 itself listens for one "error" event of a connection; a second one would end the process.
      connection.on("error", () => {});
      this.open.add(connection);
      connection.stream.once("close", () => this.open.delete(connection));
    });
  }

  /**
   * Runs `work` with a connection of its own.
   *
   * Where the time is up or the caller gives up, the server is told to stop as well, and whatever was not committed is
   * rolled back, as after any error.
   *
   * @throws LogPulseError `store_unavailable`: no connection, no answer within `msMax`, or the server is not well.
   * @throws LogPulseError `cancelled`: the signal was aborted.
   */
  async use<T>(work: (connection: PoolConnection) => Promise<T>, msMax: number, signal: AbortSignal): Promise<T> {
    const stop = stopAt(msMax, signal);
    let connection: PoolConnection | undefined;
    try {
      connection = await this.acquire(stop.reached);
      const result = await Promise.race([this.prepareSession(connection).then(work), stop.reached]);
      connection.release();
      return result;
    } catch (reason) {
      if (connection) cut(connection);
      if (connection && stop.isReached()) void this.kill(connection.threadId);
      throw toStoreError(reason);
    } finally {
      stop.end();
    }
  }

  /**
   * Runs `work` as a transaction. Where another one is in the way (deadlock, lock wait), it runs again from its start,
   * up to STORE_ATTEMPTS_MAX times in all: it must not change anything but the database.
   *
   * @throws LogPulseError as `use`; the transaction may have been committed where the answer to its commit was lost.
   */
  async transaction<T>(work: (connection: PoolConnection) => Promise<Outcome<T>>, signal: AbortSignal): Promise<T> {
    const { clock, random } = this.settings;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.use((connection) => inTransaction(connection, work), STORE_WRITE_MS_MAX, signal);
      } catch (reason) {
        if (!isLockConflict(reason) || attempt >= STORE_ATTEMPTS_MAX) throw reason;
      }
      await clock.sleep(random() * RETRY_WAIT_MS_MIN * attempt, signal).catch((reason: unknown) => {
        throw signal.aborted ? cancelled(signal) : reason;
      });
    }
  }

  /** Resolves if the server answers now. @throws LogPulseError `store_unavailable`, within STORE_CHECK_MS_MAX. */
  async check(): Promise<void> {
    await this.use((connection) => connection.query("SELECT 1"), STORE_CHECK_MS_MAX, new AbortController().signal);
  }

  /**
   * Ends all connections: one that does not say farewell within STORE_CHECK_MS_MAX, since the server still works or hangs,
   * is cut. May be called again; never rejects.
   */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    const waiting = new AbortController();
    const ended = this.pool.end().catch(() => {}); // A connection that is being made fails it; that one is gone then.
    const late = sleep(STORE_CHECK_MS_MAX, undefined, { signal: waiting.signal }).catch(() => {});
    await Promise.race([ended, late]);
    waiting.abort();
    for (const { stream } of this.open) stream.destroy(new Error("the connection to MySQL was closed"));
  }

  /** A connection that comes after the caller has given up goes back to the pool. */
  private async acquire(reached: Promise<never>): Promise<PoolConnection> {
    const coming = this.pool.getConnection();
    try {
      return await Promise.race([coming, reached]);
    } catch (reason) {
      coming.then(
        (late) => late.release(),
        () => {}, // It is the reason that is thrown, or nobody waits for it any more.
      );
      throw reason;
    }
  }

  private async prepareSession(connection: PoolConnection): Promise<PoolConnection> {
    const core = connection.connection; // The promise wrapper is another one each time.
    if (!this.prepared.has(core)) {
      for (const statement of SESSION) await connection.query(statement);
      this.prepared.add(core);
    }
    return connection;
  }

  /** Closing a socket does not stop a statement: the server notices when it wants to answer. Never rejects. */
  private async kill(threadId: number | null): Promise<void> {
    if (threadId === null) return;
    const work = async () => {
      const connection = await createConnection({ uri: this.settings.url, connectTimeout: STORE_CHECK_MS_MAX });
      connection.on("error", () => {});
      try {
        await connection.query({ sql: "KILL ?", values: [threadId], timeout: STORE_CHECK_MS_MAX });
      } finally {
        cut(connection);
      }
    };
    await work().catch(() => {}); // It has ended by itself, or the server is away: its own writes to the cut socket end it.
  }
}

/** What mysql2's types do not show of a connection. */
interface CoreConnection {
  stream: Socket;
  on(event: "error", listener: () => void): void;
}

/** mysql2's own `destroy` only says that it sends no more: what the server still sends would be read, into memory. */
function cut(connection: Connection): void {
  connection.destroy();
  (connection as unknown as { connection: CoreConnection }).connection.stream.destroy();
}

async function inTransaction<T>(
  connection: PoolConnection,
  work: (connection: PoolConnection) => Promise<Outcome<T>>,
): Promise<T> {
  await connection.beginTransaction();
  const { commit, value } = await work(connection);
  await (commit ? connection.commit() : connection.rollback());
  return value;
}

interface Stop {
  /** Rejects when the time is up or the signal is aborted; never resolves. */
  reached: Promise<never>;
  isReached(): boolean;
  /** Frees timer and listener. */
  end(): void;
}

function stopAt(msMax: number, signal: AbortSignal): Stop {
  const { promise: reached, reject } = Promise.withResolvers<never>();
  reached.catch(() => {}); // Nobody may be waiting for it.
  let isReached = false;
  const stop = (reason: LogPulseError) => {
    isReached = true;
    reject(reason);
  };
  const onAbort = () => stop(cancelled(signal));
  const onTime = () => stop(new LogPulseError("store_unavailable", `MySQL does not answer within ${msMax} ms`));
  const timer = setTimeout(onTime, msMax);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return {
    reached,
    isReached: () => isReached,
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    },
  };
}

function cancelled(signal: AbortSignal): LogPulseError {
  if (signal.reason instanceof LogPulseError) return signal.reason;
  return new LogPulseError("cancelled", "the request to MySQL was given up", { cause: signal.reason });
}
