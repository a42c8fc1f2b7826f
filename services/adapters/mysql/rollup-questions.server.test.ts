import { setTimeout } from "node:timers/promises";
import type { PoolConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { HOUR_QUIET_MS_MIN } from "../../domain/limits.ts";
import { newProducer } from "../../ports/build-logged-batch.ts";
import { newTenant, request, storeOne } from "../../ports/contract-batches.ts";
import { everyRequest } from "../../ports/minute-stats.fixture.ts";
import { MysqlConnections } from "./connections.ts";
import { MysqlHourSums } from "./hour-sums.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { forEachRollup } from "./rollup-questions.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const signal = AbortSignal.timeout(600_000);

describe.runIf(servers)("a question of rollups", () => {
  let database: TestDatabase;
  let sink: MysqlLogSink;
  let connections: MysqlConnections;
  let hourSums: MysqlHourSums;

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    const { clock } = database.settings;
    sink = new MysqlLogSink(database.settings);
    connections = new MysqlConnections(database.settings);
    hourSums = new MysqlHourSums(connections, { ...clock, nowMs: () => clock.nowMs() + HOUR_QUIET_MS_MIN });
    await sink.prepare();
  });
  afterAll(async () => {
    await Promise.all([sink.close(), connections.close()]);
    await database.drop();
  });

  /** Counts the requests of two hours, while something happens between the look at the hours' states and their rows. */
  async function countAnd(tenant: string, happen: () => Promise<unknown>): Promise<number> {
    let requests = 0;
    const selection = everyRequest(tenant, 0, 119);
    const told = { service: false, path: false };
    const question = {
      of: "requests",
      selection,
      stepMinutes: 60,
      told,
      conditions: [],
      columns: ["requests"],
    } as const;
    const ask = async (connection: PoolConnection) => {
      const query = connection.query.bind(connection) as (...args: unknown[]) => Promise<unknown>;
      connection.query = (async (sql: string, ...rest: unknown[]) => {
        const answer = await query(sql, ...rest);
        if (sql.includes("FROM rollup_hour_states WHERE")) await happen();
        return answer;
      }) as typeof connection.query;
      await forEachRollup(connection, question, (row) => {
        requests += Number(row.requests);
      });
      connection.query = query as typeof connection.query;
    };
    await connections.use(ask, 10_000, signal);
    return requests;
  }

  it("sees one state of the database, whatever others do meanwhile", async () => {
    const [tenant, producer] = [newTenant(), newProducer()];
    let firstSeq = 0;
    const add = () => {
      const records = [0n, 90n].map((minute) => request(minute * 60_000_000_000n, {}));
      return storeOne(sink, { tenant, producer, firstSeq: 2 * firstSeq++, records });
    };
    const sumUp = async () => {
      while ((await hourSums.sumUp(signal)) > 0);
    };
    await add();
    expect(await countAnd(tenant, sumUp)).toBe(2);
    expect(await countAnd(tenant, add)).toBe(2);
    expect(await countAnd(tenant, async () => undefined)).toBe(4);
    expect(await countAnd(tenant, sumUp)).toBe(4);
    expect(await countAnd(tenant, () => add().then(sumUp))).toBe(4);
    expect(await countAnd(tenant, async () => undefined)).toBe(6);
  });

  it("is answered while a day gets its partitions: those wait", async () => {
    const tenant = newTenant();
    await storeOne(sink, { tenant, producer: newProducer(), records: [request(0n, {})] });
    const add = (connection: PoolConnection) =>
      connection.query("ALTER TABLE rollup_minutes ADD PARTITION (PARTITION p1 VALUES IN (1))");
    let added: Promise<unknown> = Promise.resolve();
    const beginToAdd = async () => {
      added = connections.use(add, 10_000, signal);
      await setTimeout(300); // Time enough, if it need not wait.
    };
    expect(await countAnd(tenant, beginToAdd)).toBe(1);
    await added;
  });
});
