import { createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { STORE_CHECK_MS_MAX } from "../../domain/limits.ts";
import { MysqlConnections } from "./connections.ts";
import { forEachRow } from "./each-row.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const MANY_ROWS = "SELECT REPEAT('x', 1000) FROM information_schema.COLUMNS a, information_schema.COLUMNS b";
const never = new AbortController().signal;

describe.runIf(servers)("MySQL connections to a real server", () => {
  let database: TestDatabase;
  let connections: MysqlConnections;

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    connections = new MysqlConnections({ ...database.settings, connectionsMax: 2 });
  });
  afterAll(async () => {
    await connections.close();
    await database.drop();
  });

  const slow = (msMax: number, signal: AbortSignal) =>
    connections.use((connection) => connection.query("SELECT SLEEP(30)"), msMax, signal);

  /** Statements of this database that the server works on. */
  async function running(): Promise<number> {
    const session = await createConnection(database.settings.url);
    const [rows] = await session.query<RowDataPacket[]>(
      "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE '%SLEEP(3%' AND ID <> CONNECTION_ID()",
    );
    await session.end();
    return Number(rows[0]!.n);
  }

  it("give up in time, and stop the server's work too", async () => {
    const started = performance.now();
    await expect(slow(300, never)).rejects.toMatchObject({ kind: "store_unavailable" });
    expect(performance.now() - started).toBeLessThan(2_000);
    await expect.poll(running, { timeout: 5_000 }).toBe(0);
  });

  it("give up when told to, before and during the work", async () => {
    const stop = new AbortController();
    const working = slow(10_000, stop.signal);
    await sleep(200);
    stop.abort(new Error("the caller hung up"));
    await expect(working).rejects.toMatchObject({ kind: "cancelled" });
    await expect.poll(running, { timeout: 5_000 }).toBe(0);
    await expect(slow(10_000, stop.signal)).rejects.toMatchObject({ kind: "cancelled" });
  });

  it("do not wait for ever where all are taken, and lend them again afterwards", async () => {
    const stop = new AbortController();
    const taken = [1, 2].map(() => slow(20_000, stop.signal).catch((reason: unknown) => reason));
    await sleep(100);
    await expect(slow(300, never)).rejects.toMatchObject({ kind: "store_unavailable" });
    stop.abort();
    await Promise.all(taken);
    await Promise.all([1, 2, 3, 4].map(() => connections.check()));
  });

  it("cut their socket where they give up: nothing that the server still sends is read", async () => {
    const sockets: Socket[] = [];
    const streaming = connections.use(
      (connection) => {
        sockets.push((connection.connection as unknown as { stream: Socket }).stream);
        return forEachRow(connection, MANY_ROWS, [], () => {});
      },
      300,
      never,
    );
    await expect(streaming).rejects.toMatchObject({ kind: "store_unavailable" });
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  it("are closed in time while the server works on a statement, which fails", async () => {
    const closed = new MysqlConnections(database.settings);
    const working = closed.use((connection) => connection.query("SELECT SLEEP(30)"), 20_000, never);
    const failed = expect(working).rejects.toMatchObject({ kind: "store_unavailable" });
    await expect.poll(running, { timeout: 5_000 }).toBe(1);
    const started = performance.now();
    await closed.close();
    await failed;
    expect(performance.now() - started).toBeLessThan(STORE_CHECK_MS_MAX + 1_000);
  });

  it("set the session up as the adapter needs it", async () => {
    const [rows] = await connections.use(
      (connection) =>
        connection.query<RowDataPacket[]>("SELECT @@sql_mode AS mode, @@innodb_lock_wait_timeout AS wait"),
      1_000,
      never,
    );
    expect(rows[0]).toMatchObject({ mode: "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION", wait: "5" });
  });

  it("may be closed twice, and are not available afterwards", async () => {
    const closed = new MysqlConnections(database.settings);
    await closed.check();
    await Promise.all([closed.close(), closed.close()]);
    await expect(closed.check()).rejects.toMatchObject({ kind: "store_unavailable" });
  });

  it("say that the server cannot be reached, or that it refuses", async () => {
    const at = (change: (url: URL) => void) => {
      const url = new URL(database.settings.url);
      change(url);
      return new MysqlConnections({ ...database.settings, url: url.href });
    };
    const pools = [
      at((url) => (url.port = "1")),
      at((url) => (url.password = "wrong")),
      at((url) => (url.pathname = "/no_such_database")),
    ];
    for (const pool of pools) {
      await expect(pool.check()).rejects.toMatchObject({ kind: "store_unavailable" });
      await pool.close();
    }
  });
});

describe("MySQL connections to a server that accepts and is silent", () => {
  it("give up their check in time", async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const connections = new MysqlConnections({
      url: `mysql://user:password@127.0.0.1:${port}/database`,
      connectionsMax: 2,
      clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now(), sleep: (ms) => sleep(ms) },
      random: Math.random,
    });
    const started = performance.now();
    await expect(connections.check()).rejects.toMatchObject({ kind: "store_unavailable" });
    expect(performance.now() - started).toBeLessThan(STORE_CHECK_MS_MAX + 1_000);
    for (const socket of sockets) socket.destroy();
    server.close();
    await connections.close();
  });
});
