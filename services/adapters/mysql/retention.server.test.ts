import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { isKind } from "../../domain/errors.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { counts, newTenant, noDeadLetters, producerOfDay } from "../../ports/contract-batches.ts";
import { addCounts, NO_COUNTS, type StoreCounts } from "../../ports/log-sink.ts";
import { MysqlConnections } from "./connections.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { requestBatch } from "./request-batches.ts";
import { MysqlRetention } from "./retention.ts";
import { everywhere, storedCounts } from "./stored-counts.fixture.ts";
import { PARTITIONED_TABLES } from "./tables.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const signal = AbortSignal.timeout(600_000);
const FIRST_DAY = 20_000;

describe.runIf(servers)("retention of a MySQL server", () => {
  let database: TestDatabase;
  let sink: MysqlLogSink;
  let other: MysqlLogSink;
  let connections: MysqlConnections;
  let retention: MysqlRetention;
  let session: Connection;

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    sink = new MysqlLogSink(database.settings);
    other = new MysqlLogSink(database.settings);
    connections = new MysqlConnections(database.settings);
    retention = new MysqlRetention(connections);
    session = await createConnection(database.settings.url);
    await sink.prepare();
  });
  afterAll(async () => {
    await Promise.all([sink.close(), other.close(), connections.close(), session.end()]);
    await database.drop();
  });

  const store = (batch: LoggedBatch, by = sink) => by.store([batch], noDeadLetters, signal);
  const keepFrom = (records: number, rollups = records) => retention.keepFrom({ records, rollups }, signal);

  /** The tables that have a partition of that day. */
  async function tablesWith(day: number): Promise<string[]> {
    const [rows] = await session.query<RowDataPacket[]>(
      "SELECT TABLE_NAME AS name FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME = ?",
      [`p${day}`],
    );
    return rows.map(({ name }) => String(name)).sort();
  }

  async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (reason) {
        if (!isKind(reason, "store_unavailable")) throw reason;
        await sleep(10);
      }
    }
  }

  it("passes over batches that are being stored: each is dropped or expired, in every table", {
    timeout: 120_000,
  }, async () => {
    for (let race = 0; race < 5; race++) {
      const [day, tenant] = [FIRST_DAY + race, newTenant()];
      const batches = Array.from({ length: 40 }, (_, index) =>
        requestBatch(tenant, producerOfDay(index % 4 === 0 ? day + 1_000 : day), 0, 50),
      );
      let sum: StoreCounts = NO_COUNTS;
      const { promise: someStored, resolve } = Promise.withResolvers<void>();
      const storing = [sink, other].map(async (by, side) => {
        for (const [index, batch] of batches.slice(20 * side, 20 * (side + 1)).entries()) {
          const stored = await untilAnswered(() => store(batch, by));
          sum = addCounts(sum, stored);
          if (index === 2 + race) resolve();
        }
      });
      await someStored;
      const { firstDay } = await untilAnswered(() => keepFrom(day + 1));
      await Promise.all(storing);

      expect(firstDay).toBe(day + 1);
      expect(sum).toEqual(counts({ stored: 2_000 - sum.expired, expired: sum.expired }));
      expect([sum.stored > 500, sum.expired > 0]).toEqual([true, true]); // Some of the day came before, some after.
      expect(await storedCounts(session, tenant)).toEqual(everywhere(500));
      expect(await tablesWith(day)).toEqual([]);
      const [ranges] = await session.query<RowDataPacket[]>("SELECT 1 FROM settled_seqs WHERE tenant = ?", [
        Buffer.from(tenant),
      ]);
      expect(ranges).toHaveLength(10);
    }
  });

  it("makes no partitions of days before the first, neither who knows it nor who has never looked", async () => {
    const day = FIRST_DAY + 100;
    await keepFrom(day + 1);
    const late = new MysqlLogSink(database.settings);
    const batches = [day, day - 50, 0].map((some) => requestBatch(newTenant(), producerOfDay(some), 0, 5));
    for (const by of [sink, other, late]) {
      expect(await by.store(batches, noDeadLetters, signal)).toEqual(counts({ expired: 15 }));
    }
    await late.close();
    for (const { producerDay } of batches.slice(0, 2)) expect(await tablesWith(producerDay)).toEqual([]);
  });

  it("moves the first day between transactions, never while one stores under the day before", async () => {
    const day = FIRST_DAY + 200;
    const [tenant, producer] = [newTenant(), producerOfDay(day)];
    await store(requestBatch(tenant, producer, 0, 5));
    await keepFrom(day);
    const firstDay = async () => {
      const [rows] = await session.query<RowDataPacket[]>("SELECT first_day FROM store_state");
      return Number(rows[0]!.first_day);
    };
    await session.beginTransaction();
    await session.query("SELECT 1 FROM settled_seqs WHERE tenant = ? FOR UPDATE", [Buffer.from(tenant)]);
    const storing = store(requestBatch(tenant, producer, 0, 10)); // It has seen the first day and waits for its producer.
    await sleep(300);
    const keeping = keepFrom(day + 1);
    await sleep(300);
    const late = store(requestBatch(tenant, producer, 10, 5), other); // It waits behind whoever moves the day.
    await sleep(300);
    expect(await firstDay()).toBe(day);
    await session.rollback();
    expect(await storing).toEqual(counts({ stored: 5, duplicate: 5 }));
    expect(await keeping).toEqual({ firstDay: day + 1, dropped: [day] });
    expect(await late).toEqual(counts({ expired: 5 }));
    expect(await storedCounts(session, tenant)).toEqual(everywhere(0));
  });

  it("gives up where a table is in use for too long, and the next call goes on", { timeout: 60_000 }, async () => {
    const day = FIRST_DAY + 300;
    const tenant = newTenant();
    const [old, kept] = [day, day + 1].map((some) => requestBatch(tenant, producerOfDay(some), 0, 5));
    await sink.store([old!, kept!], noDeadLetters, signal);
    await keepFrom(day);
    await session.beginTransaction();
    try {
      await session.query("SELECT 1 FROM rollup_series LIMIT 1"); // From here on no other session may change the table.
      const unfinished = expect.objectContaining({ kind: "store_unavailable" });
      expect(await keepFrom(day + 1)).toEqual({ firstDay: day + 1, dropped: [day], unfinished });
      expect(await sink.store([old!, kept!], noDeadLetters, signal)).toEqual(counts({ expired: 5, duplicate: 5 }));
    } finally {
      await session.rollback();
    }

    expect(await keepFrom(day + 1)).toEqual({ firstDay: day + 1, dropped: [day] });
    expect(await storedCounts(session, tenant)).toEqual(everywhere(5));
    expect(await tablesWith(day)).toEqual([]);
    expect(await tablesWith(day + 1)).toEqual(Object.keys(PARTITIONED_TABLES).sort());
  });

  it("keeps the rollups of every day whose records it keeps, whatever it is told", async () => {
    const day = FIRST_DAY + 400;
    const tenant = newTenant();
    const batch = requestBatch(tenant, producerOfDay(day), 0, 5);
    await store(batch);
    expect(await keepFrom(day, day + 1)).toMatchObject({ firstDay: day });
    expect(await storedCounts(session, tenant)).toEqual(everywhere(5));
  });

  it("empties the partition that has to stay", async () => {
    const fresh = await makeTestDatabase(servers!.mysqlUrl);
    const own = new MysqlLogSink(fresh.settings);
    const pool = new MysqlConnections(fresh.settings);
    const look = await createConnection(fresh.settings.url);
    try {
      await own.prepare();
      const tenant = newTenant();
      const batch = requestBatch(tenant, producerOfDay(0), 0, 5);
      expect(await store(batch, own)).toEqual(counts({ stored: 5 }));
      const keep = () => new MysqlRetention(pool).keepFrom({ records: 1, rollups: 1 }, signal);
      expect(await keep()).toEqual({ firstDay: 1, dropped: [0] });
      expect(await keep()).toEqual({ firstDay: 1, dropped: [] });
      expect(await storedCounts(look, tenant)).toEqual(everywhere(0));
      expect(await store(batch, own)).toEqual(counts({ expired: 5 }));
    } finally {
      await Promise.all([own.close(), pool.close(), look.end()]);
      await fresh.drop();
    }
  });
});
