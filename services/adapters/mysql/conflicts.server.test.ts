import type { JsonObject } from "@bufbuild/protobuf";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { identityText } from "../../domain/identity.ts";
import { RECORD_BYTES_MAX } from "../../domain/limits.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { buildLoggedBatch, newProducer } from "../../ports/build-logged-batch.ts";
import { counts, idsOf, KeptLetters, messages, newIdentity, newTenant } from "../../ports/contract-batches.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const signal = AbortSignal.timeout(600_000);

describe.runIf(servers)("conflicts in a MySQL server", () => {
  let database: TestDatabase;
  let sink: MysqlLogSink;
  let session: Connection;

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    sink = new MysqlLogSink(database.settings);
    session = await createConnection(database.settings.url);
    await sink.prepare();
  });
  afterAll(async () => {
    await Promise.all([sink.close(), session.end()]);
    await database.drop();
  });

  const store = (batches: LoggedBatch[], letters = new KeptLetters()) => sink.store(batches, letters, signal);

  it("are judged by the records themselves where a row has another hash", async () => {
    const { tenant, producer } = newIdentity();
    await store([buildLoggedBatch({ tenant, producer, records: messages(100) })]);
    const zeros = Buffer.alloc(8);
    await session.query("UPDATE records SET content_hash = ? WHERE tenant = ?", [zeros, Buffer.from(tenant)]);
    const records = messages(100);
    records[57] = { message: "another" };
    const letters = new KeptLetters();
    const batch = buildLoggedBatch({ tenant, producer, records });
    expect(await store([batch], letters)).toEqual(counts({ duplicate: 99, deadLettered: 1 }));
    expect(letters.ids()).toEqual([identityText(producer, 57)]);
  });

  it("are found among the largest records, a few of which are read at a time", async () => {
    const { tenant, producer } = newIdentity();
    const batchOf = (firstSeq: number, letter: string) => {
      const records = Array.from({ length: 15 }, () => ({ message: letter.repeat(RECORD_BYTES_MAX - 100) }));
      return buildLoggedBatch({ tenant, producer, firstSeq, records });
    };
    for (const first of [0, 15, 30]) await store([batchOf(first, "a")]);
    const letters = new KeptLetters();
    const small = buildLoggedBatch({ tenant, producer, records: messages(45) });
    expect(await store([small], letters)).toEqual(counts({ deadLettered: 45 }));
    expect(letters.ids()).toEqual(idsOf(producer, 0, 45));
    expect(await store([batchOf(0, "a")])).toEqual(counts({ duplicate: 15 }));
  });

  it("are found among many seqs apart, of many producers, days and tenants", async () => {
    const identities = Array.from({ length: 30 }, (_, index) => ({
      tenant: newTenant(),
      producer: newProducer(Date.now() - (index % 3) * 86_400_000),
    }));
    const batches = identities.flatMap((identity) =>
      Array.from({ length: 20 }, (_, index) =>
        buildLoggedBatch({ ...identity, firstSeq: 3 * index, records: messages(1 + (index % 2)) }),
      ),
    );
    const all = batches.reduce((sum, { recordCount }) => sum + recordCount, 0);
    expect(await store(batches)).toEqual(counts({ stored: all }));
    expect(await store(batches.toReversed())).toEqual(counts({ duplicate: all }));

    const { tenant, producer, firstSeq } = batches[417]!;
    const other = buildLoggedBatch({ tenant, producer, firstSeq, records: [{ message: "another" }] });
    const letters = new KeptLetters();
    expect(await store([...batches, other], letters)).toEqual(counts({ duplicate: all, deadLettered: 1 }));
    expect(letters.letters.map((letter) => [letter.tenant, letter.id])).toEqual([
      [tenant, identityText(producer, firstSeq)],
    ]);
  });

  it("are found among many seqs apart of one producer", async () => {
    const { tenant, producer } = newIdentity();
    const batchOf = (seq: number, message = "one") =>
      buildLoggedBatch({ tenant, producer, firstSeq: seq, records: [{ message }] });
    const batches = Array.from({ length: 450 }, (_, index) => batchOf(2 * index));
    expect(await store(batches)).toEqual(counts({ stored: 450 }));
    const letters = new KeptLetters();
    const others = [batchOf(2 * 200, "other"), batchOf(2 * 449, "other")];
    expect(await store([...batches, ...others], letters)).toEqual(counts({ duplicate: 450, deadLettered: 2 }));
    expect(letters.ids()).toEqual(others.map(({ firstSeq }) => identityText(producer, firstSeq)).sort());
  });

  it("are what is not compared in time, and nothing else waits for it", { timeout: 60_000 }, async () => {
    const { tenant, producer } = newIdentity();
    const list = Array<boolean>(10_000).fill(true);
    const batchOf = (firstSeq: number, size: number, message: string) => {
      const records = Array.from({ length: size }, () => ({ message, attributes: { list } }));
      return buildLoggedBatch({ tenant, producer, firstSeq, records });
    };
    const heavy = Array.from({ length: 10 }, (_, index) => batchOf(40 * index, 40, "first"));
    for (const batch of heavy) await store([batch]);

    const compareMsMax = 1_500; // More than the first records that are read together take.
    const hurried = new MysqlLogSink(database.settings, compareMsMax);
    const others = buildLoggedBatch({ tenant, producer, records: messages(400) });
    let longestMs = 0;
    let lastMs = performance.now();
    const heartbeat = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - lastMs);
      lastMs = performance.now();
    }, 10);
    for (const _again of [1, 2]) {
      const letters = new KeptLetters();
      expect(await hurried.store([others], letters, signal)).toEqual(counts({ deadLettered: 400 }));
      expect(letters.ids()).toEqual(idsOf(producer, 0, 400));
      const details = letters.letters.map(({ detail }) => detail.includes("no time to compare"));
      expect(new Set(details)).toEqual(new Set([false, true]));
    }
    clearInterval(heartbeat);
    await hurried.close();
    expect(longestMs).toBeLessThan(700);
  });

  it("are none of thousands of records that say the same in other bytes", { timeout: 60_000 }, async () => {
    const { tenant, producer } = newIdentity();
    const batchOf = (attributes: JsonObject) => {
      const records = Array.from({ length: 5_000 }, () => ({ message: "one", attributes }));
      return buildLoggedBatch({ tenant, producer, records });
    };
    await store([batchOf({ a: 1, b: "two" })]);
    const letters = new KeptLetters();
    expect(await store([batchOf({ b: "two", a: 1 })], letters)).toEqual(counts({ duplicate: 5_000 }));
    expect(letters.letters).toEqual([]);
  });
});
