import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { buildLoggedBatch } from "../../ports/build-logged-batch.ts";
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

  const dropBuckets = async () => {
    for (const table of ["rollup_minutes", "rollup_series"]) {
      await session.query(`ALTER TABLE ${table} DROP COLUMN latency_buckets`);
    }
  };

  it("can be done by several at once", async () => {
    await prepareAll();
    expect(await versions()).toEqual([4]);
  });

  it("brings tables of version 2 forward, with what they hold", async () => {
    const identity = newIdentity();
    const batchOf = (message: string) => buildLoggedBatch({ ...identity, records: [{ message }] });
    await sinks[0]!.store([batchOf("first")], noDeadLetters, signal);
    await session.query("ALTER TABLE records DROP COLUMN content_hash");
    await dropBuckets();
    await session.query("DROP TABLE store_state, dead_letters");
    await session.query("UPDATE schema_version SET version = 2");

    await prepareAll();
    expect(await versions()).toEqual([4]);
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
    await session.query("UPDATE schema_version SET version = 3");

    await prepareAll();
    expect(await versions()).toEqual([4]);
    await storeRequest(2_000_000);
    const connections = new MysqlConnections(database.settings);
    const stats = new MysqlLogStats(connections);
    const [cell] = await stats.requests(everyRequest(tenant, 0, 0), undefined, undefined, signal);
    await connections.close();
    expect([cell!.tally.latencyCount, cell!.tally.latencyBuckets.count]).toEqual([2, 1]);
    expect(cell!.tally.latencyMaxNanos).toBe(2_000_000n);
  });

  it("goes on where somebody began to bring them forward", async () => {
    await session.query("DROP TABLE dead_letters");
    await session.query("ALTER TABLE rollup_series DROP COLUMN latency_buckets");
    await session.query("UPDATE schema_version SET version = 2");
    await prepareAll();
    expect(await versions()).toEqual([4]);
    const [rows] = await session.query<RowDataPacket[]>("SELECT * FROM dead_letters");
    expect(rows).toEqual([]);
  });

  it("is refused for the tables of another version, and says what to do", async () => {
    for (const version of [1, 5]) {
      await session.query("UPDATE schema_version SET version = ?", [version]);
      await expect(sinks[0]!.prepare()).rejects.toThrow(
        `the database has tables of version ${version}; this program knows version 4: name an empty database`,
      );
    }
  });
});
