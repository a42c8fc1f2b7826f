import type { PoolConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { MysqlConnections } from "./connections.ts";
import { forEachRow } from "./each-row.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const signal = AbortSignal.timeout(600_000);

describe.runIf(servers)("rows one at a time", () => {
  let database: TestDatabase;
  let connections: MysqlConnections;

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    connections = new MysqlConnections(database.settings);
  });
  afterAll(async () => {
    await connections.close();
    await database.drop();
  });

  const kill = (threadId: number | null) =>
    connections.use((other) => other.query("KILL CONNECTION ?", [threadId]), 5_000, signal);

  it("end at once where the connection is lost between them", { timeout: 20_000 }, async () => {
    const work = async (connection: PoolConnection) => {
      setTimeout(() => void kill(connection.threadId), 300);
      await forEachRow(connection, "SELECT SLEEP(?)", [15], () => undefined);
    };
    const beganMs = performance.now();
    await expect(connections.use(work, 8_000, signal)).rejects.toMatchObject({ kind: "store_unavailable" });
    expect(performance.now() - beganMs).toBeLessThan(4_000);
  });

  it("leave no listeners behind on a connection that is used again", async () => {
    const work = async (connection: PoolConnection) => {
      const core = connection.connection;
      const before = core.listenerCount("error");
      for (let n = 0; n < 3; n++) await forEachRow(connection, "SELECT 1", [], () => undefined);
      await expect(forEachRow(connection, "SELECT nothing", [], () => undefined)).rejects.toMatchObject({
        errno: 1054,
      });
      expect(core.listenerCount("error")).toBe(before);
    };
    await connections.use(work, 5_000, signal);
  });
});
