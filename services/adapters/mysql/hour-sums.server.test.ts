import { setTimeout } from "node:timers/promises";
import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { HOUR_QUIET_MS_MIN } from "../../domain/limits.ts";
import { buildLoggedBatch, newProducer } from "../../ports/build-logged-batch.ts";
import { newTenant, noDeadLetters, request, storeOne } from "../../ports/contract-batches.ts";
import { MysqlConnections } from "./connections.ts";
import { HOUR_STATE } from "./hour-states.ts";
import { MysqlHourSums } from "./hour-sums.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const signal = AbortSignal.timeout(600_000);

describe.runIf(servers)("sums of hours in MySQL", () => {
  let database: TestDatabase;
  let sink: MysqlLogSink;
  let connections: MysqlConnections;
  let hourSums: MysqlHourSums;
  let nowMs = Date.now();

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    const settings = { ...database.settings, clock: { ...database.settings.clock, nowMs: () => nowMs } };
    sink = new MysqlLogSink(settings);
    connections = new MysqlConnections(settings);
    hourSums = new MysqlHourSums(connections, settings.clock);
    await sink.prepare();
  });
  afterAll(async () => {
    await Promise.all([sink.close(), connections.close()]);
    await database.drop();
  });

  it("are made of the other hours where one cannot be read", async () => {
    const [broken, whole] = [newTenant(), newTenant()];
    const ask = <Row extends RowDataPacket[]>(sql: string, values: unknown[]) =>
      connections.use((connection) => connection.query<Row>(sql, values), 5_000, signal);
    const states = async () => {
      const sql = "SELECT state FROM rollup_hour_states WHERE tenant IN (?) ORDER BY tenant = ?";
      const tenants = [broken, whole].map((tenant) => Buffer.from(tenant));
      const [rows] = await ask<RowDataPacket[]>(sql, [tenants, tenants[1]]);
      return rows.map(({ state }) => Number(state));
    };
    await storeOne(sink, { tenant: broken, records: [request(0n, {})] });
    await ask("UPDATE rollup_series SET latency_buckets = X'ff01' WHERE tenant = ?", [Buffer.from(broken)]);
    nowMs += 1;
    await storeOne(sink, { tenant: whole, records: [request(0n, {})] });
    nowMs += HOUR_QUIET_MS_MIN;
    await expect(hourSums.sumUp(signal)).rejects.toThrow();
    expect(await states()).toEqual([HOUR_STATE.byMinutes, HOUR_STATE.byMinutes]);
    expect(await hourSums.sumUp(signal)).toBe(1);
    expect(await states()).toEqual([HOUR_STATE.byMinutes, HOUR_STATE.summedUp]);
    nowMs += HOUR_QUIET_MS_MIN;
    await expect(hourSums.sumUp(signal)).rejects.toThrow(); // It is tried again.
  });

  it("lock what they lock in the order of those who store", async () => {
    const tenant = newTenant();
    const store = (firstSeq: number) =>
      sink.store(
        [10, 2].map((partition) =>
          buildLoggedBatch({
            tenant,
            producer: producers.get(partition)!,
            partition,
            firstSeq,
            records: [request(0n, {})],
          }),
        ),
        noDeadLetters,
        signal,
      );
    const producers = new Map([2, 10].map((partition) => [partition, newProducer()]));
    await store(0);
    let stored: Promise<unknown> = Promise.resolve();
    const lockAll = async (connection: PoolConnection) => {
      const sql = "SELECT * FROM rollup_hour_states WHERE tenant = ?";
      await connection.query(`${sql} AND hour = 0 AND log_partition = 2 FOR UPDATE`, [Buffer.from(tenant)]);
      stored = store(1);
      await setTimeout(500); // It waits for the row.
      await connection.query(`${sql} AND hour = 0 FOR UPDATE`, [Buffer.from(tenant)]);
      return { commit: false, value: undefined };
    };
    let attempts = 0;
    await connections.transaction((connection) => {
      attempts++;
      return lockAll(connection);
    }, signal);
    expect(attempts).toBe(1);
    expect(await stored).toMatchObject({ stored: 2 });
  });
});
