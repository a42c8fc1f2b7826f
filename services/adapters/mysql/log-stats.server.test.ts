import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { newTenant, request, storeOne } from "../../ports/contract-batches.ts";
import { everyRequest } from "../../ports/minute-stats.fixture.ts";
import { MysqlConnections } from "./connections.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { MysqlLogStats } from "./log-stats.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const { signal } = new AbortController();
const QUERY_MS_MAX = 500;

describe.runIf(servers)("statistics that take too long", () => {
  let database: TestDatabase;
  let session: Connection;
  let sink: MysqlLogSink;
  const tenant = newTenant();
  const selection = everyRequest(tenant, 0, 1);

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    session = await createConnection(database.settings.url);
    sink = new MysqlLogSink(database.settings);
    await sink.prepare();
    await storeOne(sink, { tenant, records: [request(0n, { clientIp: "10.0.0.1" })] });
  });
  afterAll(async () => {
    await Promise.all([session.end(), sink.close()]);
    await database.drop();
  });

  const statsOf = (url = database.settings.url) => {
    const connections = new MysqlConnections({ ...database.settings, url });
    onTestFinished(() => connections.close());
    return new MysqlLogStats(connections, QUERY_MS_MAX);
  };

  it("are too costly where the server answers others, and answered when it can", async () => {
    const stats = statsOf();
    await session.query("LOCK TABLES rollup_minutes WRITE, rollup_series WRITE, rollup_clients WRITE");
    const asked = await Promise.allSettled([
      stats.requests(selection, undefined, undefined, signal),
      stats.busiest(selection, "service", 10, signal),
      stats.clients(selection, undefined, undefined, signal),
    ]);
    await session.query("UNLOCK TABLES");
    for (const { status, reason } of asked as PromiseRejectedResult[]) {
      expect([status, reason]).toMatchObject(["rejected", { kind: "query_too_costly" }]);
    }
    expect(await stats.requests(selection, undefined, undefined, signal)).toHaveLength(1);
  });

  it("are given up where the caller does", async () => {
    const stats = statsOf();
    await session.query("LOCK TABLES rollup_minutes WRITE");
    const caller = new AbortController();
    const asked = stats.requests(selection, undefined, undefined, caller.signal);
    caller.abort();
    await expect(asked).rejects.toMatchObject({ kind: "cancelled" });
    await session.query("UNLOCK TABLES");
  });

  it("are unavailable where there is no server", async () => {
    const url = new URL(database.settings.url);
    url.port = "1";
    const asked = statsOf(url.href).requests(selection, undefined, undefined, signal);
    await expect(asked).rejects.toMatchObject({ kind: "store_unavailable" });
  });
});
