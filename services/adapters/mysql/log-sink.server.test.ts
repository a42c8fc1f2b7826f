import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { ROLLUP_SERIES_PER_MINUTE_MAX, STORE_RECORDS_MAX } from "../../domain/limits.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../../ports/build-logged-batch.ts";
import { KeptLetters, newTenant, noDeadLetters, request } from "../../ports/contract-batches.ts";
import { addCounts, NO_COUNTS } from "../../ports/log-sink.ts";
import { statusesOf, trafficOf } from "../../ports/minute-stats.fixture.ts";
import { MysqlConnections } from "./connections.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { MysqlLogStats } from "./log-stats.ts";
import { REQUEST_MINUTES, requestBatch } from "./request-batches.ts";
import { everywhere, storedCounts } from "./stored-counts.fixture.ts";
import { PARTITIONED_TABLES } from "./tables.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const signal = AbortSignal.timeout(600_000);

describe.runIf(servers)("the MySQL sink on a real server", () => {
  let database: TestDatabase;
  let sink: MysqlLogSink;
  let other: MysqlLogSink;
  let connections: MysqlConnections;
  /** A plain session, to look and to disturb. */
  let session: Connection;

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    sink = new MysqlLogSink(database.settings);
    other = new MysqlLogSink(database.settings);
    connections = new MysqlConnections(database.settings);
    session = await createConnection(database.settings.url);
    await sink.prepare();
  });
  afterAll(async () => {
    await Promise.all([sink.close(), other.close(), connections.close(), session.end()]);
    await database.drop();
  });

  const store = (batches: LoggedBatch[], by = sink) => by.store(batches, noDeadLetters, signal);

  async function select(sql: string, ...values: unknown[]): Promise<RowDataPacket[]> {
    const [rows] = await session.query<RowDataPacket[]>(sql, values);
    return rows;
  }

  const countsOf = (tenant: string) => storedCounts(session, tenant);

  it("counts each record once in 50 races of two connections with the same records", { timeout: 300_000 }, async () => {
    const tenant = newTenant();
    const stats = new MysqlLogStats(connections);
    const template = requestBatch(tenant, newProducer(), 0, STORE_RECORDS_MAX / 5);
    for (let race = 1; race <= 50; race++) {
      const batches = Array.from({ length: 5 }, () => ({ ...template, producer: newProducer() }));
      const counts = await Promise.all([store(batches), store(batches.toReversed(), other)]);
      expect(counts.reduce(addCounts, NO_COUNTS)).toEqual({
        ...NO_COUNTS,
        stored: STORE_RECORDS_MAX,
        duplicate: STORE_RECORDS_MAX,
      });
      const traffic = await trafficOf(stats, tenant, REQUEST_MINUTES.from, REQUEST_MINUTES.to);
      expect(traffic).toEqual({ requests: race * STORE_RECORDS_MAX, uniqueIps: 250 });
    }
    const total = 50 * STORE_RECORDS_MAX;
    expect(await countsOf(tenant)).toEqual(everywhere(total));
    const statuses = await statusesOf(stats, tenant, REQUEST_MINUTES.from, REQUEST_MINUTES.to);
    expect(statuses).toEqual(
      new Map([
        [500, total / 10],
        [200, (total * 9) / 10],
      ]),
    );
  });

  it("loses no count in 50 races of other producers over the same minutes", { timeout: 120_000 }, async () => {
    const tenant = newTenant();
    const stats = new MysqlLogStats(connections);
    for (let race = 1; race <= 50; race++) {
      // No producer in common: only the locks of the minutes keep the two apart.
      const [one, two] = [0, 125].map((first) => requestBatch(tenant, newProducer(), first, 125));
      await Promise.all([store([one!]), store([two!], other)]);
    }
    expect(await countsOf(tenant)).toEqual(everywhere(50 * 250));
    const traffic = await trafficOf(stats, tenant, REQUEST_MINUTES.from, REQUEST_MINUTES.to);
    expect(traffic).toEqual({ requests: 50 * 250, uniqueIps: 250 });
  });

  it("keeps all or nothing of what a killed process was storing", { timeout: 120_000 }, async () => {
    const [tenant, producer, batches, size] = [newTenant(), newProducer(), 30, 1_000];
    const script = fileURLToPath(new URL("store-until-killed.ts", import.meta.url));
    const args = [script, database.settings.url, tenant, producer, String(batches), String(size)];
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const exited = once(child, "exit");
      await once(child.stdout, "data");
      await sleep(50 + Math.random() * 500);
      child.kill("SIGKILL");
      await exited;
      const { records, ...others } = await countsOf(tenant);
      expect(records % size).toBe(0);
      expect(others).toEqual({ minutes: records, latencies: records, series: records });
    }
    for (let index = 0; index < batches; index++) await store([requestBatch(tenant, producer, index * size, size)]);
    expect(await countsOf(tenant)).toEqual(everywhere(batches * size));
  });

  it("runs a transaction again that was chosen as the victim of a deadlock", async () => {
    const tenant = newTenant();
    const producers = [newProducer(), newProducer()].sort();
    const batches = producers.map((producer) => requestBatch(tenant, producer, 0, 10));
    await store(batches);
    // The server undoes the smaller transaction: this one has many changes.
    await session.beginTransaction();
    const weight = Array.from({ length: 500 }, (_, index) => [
      0,
      Buffer.from("weight"),
      newProducer().slice(16),
      `${index}`,
    ]);
    await session.query("INSERT INTO settled_seqs (producer_day, tenant, producer, ranges) VALUES ?", [weight]);
    const lock = "SELECT 1 FROM settled_seqs WHERE tenant = ? AND producer = ? FOR UPDATE";
    await session.query(lock, [Buffer.from(tenant), Buffer.from(producers[1]!, "hex")]);
    const storing = store(producers.map((producer) => requestBatch(tenant, producer, 5, 10)));
    await sleep(500); // It holds the first producer now and waits for the second.
    await session.query(lock, [Buffer.from(tenant), Buffer.from(producers[0]!, "hex")]);
    await session.rollback();
    expect(await storing).toEqual({ ...NO_COUNTS, stored: 10, duplicate: 10 });
    expect(await countsOf(tenant)).toEqual(everywhere(30));
  });

  it("waits for a lock, and runs again where that takes too long", { timeout: 60_000 }, async () => {
    const [tenant, producer] = [newTenant(), newProducer()];
    await store([requestBatch(tenant, producer, 0, 10)]);
    await session.beginTransaction();
    await session.query("SELECT 1 FROM settled_seqs WHERE tenant = ? FOR UPDATE", [Buffer.from(tenant)]);
    const storing = store([requestBatch(tenant, producer, 0, 20)]);
    await sleep(6_500);
    await session.rollback();
    expect(await storing).toEqual({ ...NO_COUNTS, stored: 10, duplicate: 10 });
  });

  it("changes nothing where a late part of the transaction fails", async () => {
    const [tenant, producer] = [newTenant(), newProducer()];
    const batch = requestBatch(tenant, producer, 0, 100);
    await session.query("RENAME TABLE rollup_clients TO away");
    try {
      await expect(store([batch])).rejects.toMatchObject({ kind: "store_unavailable" });
    } finally {
      await session.query("RENAME TABLE away TO rollup_clients");
    }
    expect(await countsOf(tenant)).toEqual(everywhere(0));
    expect(await store([batch])).toEqual({ ...NO_COUNTS, stored: 100 });
  });

  it("gives up when told to, leaves nothing behind, and stores it the next time", async () => {
    const [tenant, producer] = [newTenant(), newProducer()];
    const batch = requestBatch(tenant, producer, 0, 100);
    await session.query("LOCK TABLES rollup_minutes WRITE");
    const stop = new AbortController();
    const storing = sink.store([batch], noDeadLetters, stop.signal);
    await sleep(300);
    stop.abort();
    await expect(storing).rejects.toMatchObject({ kind: "cancelled" });
    await session.query("UNLOCK TABLES");
    expect(await store([batch])).toEqual({ ...NO_COUNTS, stored: 100 });
    expect(await countsOf(tenant)).toEqual(everywhere(100));
    await expect(sink.store([batch], noDeadLetters, stop.signal)).rejects.toMatchObject({ kind: "cancelled" });
  });

  it("finds the few refused records among thousands", async () => {
    const tenant = newTenant();
    const bad = new Set([0, 1, 777, 2_500, 4_999]);
    const records = Array.from(
      { length: STORE_RECORDS_MAX },
      (_, index): RecordToBuild => ({
        ...request(1n, { path: "/" }),
        severityText: bad.has(index) ? "x".repeat(65) : "INFO",
      }),
    );
    records[3_000] = { service: "x".repeat(70_000) };
    records[3_001] = request(1n, { path: "x".repeat(9_000) });
    const deadLetters = new KeptLetters();
    const batches = [buildLoggedBatch({ tenant, producer: newProducer(), records })];
    expect(await sink.store(batches, deadLetters, signal)).toEqual({ ...NO_COUNTS, stored: 4_993, deadLettered: 7 });
    expect(deadLetters.letters.map(({ id, reason }) => `${id.slice(33)} ${reason}`).sort()).toEqual([
      "0 ER_DATA_TOO_LONG",
      "1 ER_DATA_TOO_LONG",
      "2500 ER_DATA_TOO_LONG",
      "3000 service_too_long",
      "3001 path_too_long",
      "4999 ER_DATA_TOO_LONG",
      "777 ER_DATA_TOO_LONG",
    ]);
    expect(await countsOf(tenant)).toMatchObject({ records: 4_993, minutes: 4_993, series: 4_993 });
    expect(await sink.store(batches, deadLetters, signal)).toEqual({ ...NO_COUNTS, duplicate: 5_000 });
  });

  it("refuses times that no column can hold", async () => {
    const deadLetters = new KeptLetters();
    const late = { message: "year 9999", time: { seconds: 253_402_300_799n } };
    const records = [{ message: "good" }, late];
    const batch = buildLoggedBatch({ tenant: newTenant(), producer: newProducer(), records });
    expect(await sink.store([batch], deadLetters, signal)).toEqual({ ...NO_COUNTS, stored: 1, deadLettered: 1 });
    expect(deadLetters.letters.map(({ reason }) => reason)).toEqual(["ER_WARN_DATA_OUT_OF_RANGE"]);
  });

  it("keeps a minute to its series, whoever stores them and however often", { timeout: 60_000 }, async () => {
    const tenant = newTenant();
    const batchOf = (first: number) =>
      buildLoggedBatch({
        tenant,
        producer: newProducer(),
        records: Array.from({ length: 1_500 }, (_, index) =>
          request(1n, { path: `/${first + index}`, clientIp: `${index}` }),
        ),
      });
    const batches = [0, 1_000, 2_000, 3_000].map(batchOf);
    await Promise.all(batches.map((batch, index) => store([batch], index % 2 ? sink : other)));
    await store(batches);
    const [rows] = await select("SELECT COUNT(*) AS n FROM rollup_series WHERE tenant = ?", Buffer.from(tenant));
    const [minute] = await select("SELECT series FROM rollup_minutes WHERE tenant = ?", Buffer.from(tenant));
    expect(Number(minute!.series)).toBe(ROLLUP_SERIES_PER_MINUTE_MAX);
    expect(Number(rows!.n)).toBe(ROLLUP_SERIES_PER_MINUTE_MAX + 1);
    expect(await countsOf(tenant)).toMatchObject({ records: 6_000, minutes: 6_000, series: 6_000 });
  });

  it("makes the partitions of any days, and again where one was dropped", async () => {
    const tenant = newTenant();
    const days = Array.from({ length: 20 }, (_, index) => newProducer(Date.now() - (index + 100) * 86_400_000));
    const batches = days.map((producer) => requestBatch(tenant, producer, 0, 5));
    const counts = await Promise.all([store(batches), store(batches, other)]);
    expect(counts.reduce(addCounts, NO_COUNTS)).toEqual({ ...NO_COUNTS, stored: 100, duplicate: 100 });

    for (const table of Object.keys(PARTITIONED_TABLES)) {
      await session.query(`ALTER TABLE ${table} DROP PARTITION p${batches[3]!.producerDay}`);
    }
    expect(await countsOf(tenant)).toEqual(everywhere(95));
    await expect(store(batches)).rejects.toMatchObject({ kind: "store_unavailable" });
    expect(await store(batches)).toEqual({ ...NO_COUNTS, stored: 5, duplicate: 95 });
  });

  it("goes on after its connections were killed", async () => {
    const [tenant, producer] = [newTenant(), newProducer()];
    const own = await select("SELECT CONNECTION_ID() AS id");
    const name = new URL(database.settings.url).pathname.slice(1);
    const all = await select("SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = ?", name);
    const victims = all.filter(({ id }) => Number(id) !== Number(own[0]!.id));
    expect(victims.length).toBeGreaterThan(0);
    for (const { id } of victims) await session.query("KILL ?", [Number(id)]);
    await sleep(200);
    expect(await store([requestBatch(tenant, producer, 0, 5)])).toEqual({ ...NO_COUNTS, stored: 5 });
  });
});
