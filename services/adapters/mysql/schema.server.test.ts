import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { buildLoggedBatch, newProducer } from "../../ports/build-logged-batch.ts";
import {
  counts,
  KeptLetters,
  newIdentity,
  newTenant,
  noDeadLetters,
  request,
  storeOne,
} from "../../ports/contract-batches.ts";
import { everyRequest } from "../../ports/minute-stats.fixture.ts";
import { MysqlConnections } from "./connections.ts";
import { MysqlHourSums } from "./hour-sums.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { MysqlLogStats } from "./log-stats.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const signal = AbortSignal.timeout(600_000);

describe.runIf(servers)("preparing a MySQL database", () => {
  let database: TestDatabase;
  let session: Connection;
  let sinks: MysqlLogSink[];

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    session = await createConnection(database.settings.url);
    sinks = Array.from({ length: 6 }, () => new MysqlLogSink(database.settings));
  });
  afterAll(async () => {
    await Promise.all([session.end(), ...sinks.map((sink) => sink.close())]);
    await database.drop();
  });

  const prepareAll = () => Promise.all(sinks.map((sink) => sink.prepare()));
  const versions = async () => {
    const [rows] = await session.query<RowDataPacket[]>("SELECT version FROM schema_version");
    return rows.map(({ version }) => Number(version));
  };

  const dropHours = () => session.query("DROP TABLE rollup_hour_states, rollup_hour_sums, rollup_hour_clients");

  const dropBuckets = async () => {
    for (const table of ["rollup_minutes", "rollup_series"]) {
      await session.query(`ALTER TABLE ${table} DROP COLUMN latency_buckets`);
    }
  };

  it("can be done by several at once", async () => {
    await prepareAll();
    expect(await versions()).toEqual([5]);
  });

  it("brings tables of version 2 forward, with what they hold", async () => {
    const identity = newIdentity();
    const batchOf = (message: string) => buildLoggedBatch({ ...identity, records: [{ message }] });
    await sinks[0]!.store([batchOf("first")], noDeadLetters, signal);
    await session.query("ALTER TABLE records DROP COLUMN content_hash");
    await dropBuckets();
    await dropHours();
    await session.query("DROP TABLE store_state, dead_letters");
    await session.query("UPDATE schema_version SET version = 2");

    await prepareAll();
    expect(await versions()).toEqual([5]);
    const letters = new KeptLetters();
    expect(await sinks[0]!.store([batchOf("first")], letters, signal)).toEqual(counts({ duplicate: 1 }));
    expect(await sinks[0]!.store([batchOf("second")], letters, signal)).toEqual(counts({ deadLettered: 1 }));
    expect(letters.letters.map(({ reason }) => reason)).toEqual(["conflict"]);
  });

  it("brings tables of version 3 forward: what was counted has no percentiles, and is counted on", async () => {
    const tenant = newTenant();
    const requestOf = (nanos: number) => request(0n, { status: 200, latency: { nanos } });
    const storeRequest = (nanos: number) => storeOne(sinks[0]!, { tenant, records: [requestOf(nanos)] });
    await storeRequest(1_000);
    await dropBuckets();
    await dropHours();
    await session.query("UPDATE schema_version SET version = 3");

    await prepareAll();
    expect(await versions()).toEqual([5]);
    await storeRequest(2_000_000);
    const connections = new MysqlConnections(database.settings);
    const stats = new MysqlLogStats(connections);
    const [cell] = await stats.requests(everyRequest(tenant, 0, 0), undefined, undefined, signal);
    await connections.close();
    expect([cell!.tally.latencyCount, cell!.tally.latencyBuckets.count]).toEqual([2, 1]);
    expect(cell!.tally.latencyMaxNanos).toBe(2_000_000n);
  });

  it("brings tables of version 4 forward: what was counted is found, and summed up by the hour", async () => {
    const tenant = newTenant();
    const requestOf = (minute: number) => request(BigInt(minute) * 60_000_000_000n, { status: 200 });
    const minutes = [-61, -1, 0, 59, 60];
    const producer = newProducer(Date.now() - 5 * 86_400_000);
    await storeOne(sinks[0]!, { tenant, producer, records: minutes.map(requestOf) });
    await dropHours();
    await session.query("UPDATE schema_version SET version = 4");

    await prepareAll();
    expect(await versions()).toEqual([5]);
    const connections = new MysqlConnections(database.settings);
    const counted = async () => {
      const stats = new MysqlLogStats(connections);
      const cells = await stats.requests(everyRequest(tenant, -120, 119), 60, undefined, signal);
      return cells.map(({ minute, tally }) => [minute, tally.requests]).sort(([a], [b]) => a! - b!);
    };
    const wanted = [-120, -60, 0, 60].map((minute) => [minute, minute === 0 ? 2 : 1]);
    expect(await counted()).toEqual(wanted);
    while ((await new MysqlHourSums(connections, database.settings.clock).sumUp(signal)) > 0);
    const sql = "SELECT hour, requests FROM rollup_hour_sums WHERE tenant = ? AND told = 0 ORDER BY hour";
    const [rows] = await session.query<RowDataPacket[]>(sql, [Buffer.from(tenant)]);
    expect(rows.map(({ hour, requests }) => [60 * hour, requests])).toEqual(wanted);
    expect(await counted()).toEqual(wanted);
    await connections.close();
  });

  it("goes on where somebody began to bring them forward", async () => {
    await session.query("DROP TABLE dead_letters");
    await session.query("ALTER TABLE rollup_series DROP COLUMN latency_buckets");
    await session.query("DROP TABLE rollup_hour_clients");
    await session.query("UPDATE schema_version SET version = 2");
    await prepareAll();
    expect(await versions()).toEqual([5]);
    const [rows] = await session.query<RowDataPacket[]>("SELECT * FROM dead_letters");
    expect(rows).toEqual([]);
  });

  it("is refused for the tables of another version, and says what to do", async () => {
    for (const version of [1, 6]) {
      await session.query("UPDATE schema_version SET version = ?", [version]);
      await expect(sinks[0]!.prepare()).rejects.toThrow(
        `the database has tables of version ${version}; this program knows version 5: name an empty database`,
      );
    }
  });
});
