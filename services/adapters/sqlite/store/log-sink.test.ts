import type { JsonObject } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identityText } from "../../../domain/identity.ts";
import { RECORD_BYTES_MAX } from "../../../domain/limits.ts";
import type { LoggedBatch } from "../../../domain/logged-batch.ts";
import { buildLoggedBatch, encodeRecord, newProducer, type RecordToBuild } from "../../../ports/build-logged-batch.ts";
import type { Clock } from "../../../ports/clock.ts";
import {
  counts,
  idsOf,
  KeptLetters,
  messages,
  newIdentity,
  noDeadLetters,
  producerOfDay,
} from "../../../ports/contract-batches.ts";
import { SqliteLogSink } from "./log-sink.ts";
import { findInconsistencies } from "./store-consistency.ts";
import { makeTestFile, realClock, storedRecords, type TestFile } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

const TODAY = Math.floor(Date.now() / 86_400_000);

describe("the SQLite sink", () => {
  let file: TestFile;
  let tables: StoreTables;
  let sink: SqliteLogSink;
  const { signal } = new AbortController();
  beforeEach(async () => {
    file = makeTestFile();
    tables = new StoreTables(file.database);
    sink = new SqliteLogSink(tables, realClock);
    await sink.prepare();
  });
  afterEach(() => {
    try {
      expect(findInconsistencies(file.database, { noneDropped: true })).toEqual([]);
    } finally {
      file.remove();
    }
  });

  const store = (batches: LoggedBatch[], letters = new KeptLetters(), by = sink) => by.store(batches, letters, signal);
  const runsOf = (day: number) =>
    file.database
      .prepare(`SELECT first_seq, count, first_id FROM runs_${day} ORDER BY first_id`)
      .all()
      .map(Object.values);

  it("keeps seqs and ids that follow each other as one run, over batches and calls", async () => {
    const { tenant } = newIdentity();
    const [one, other] = [producerOfDay(TODAY), producerOfDay(TODAY)] as const;
    const batch = (producer: string, firstSeq: number, count: number) =>
      buildLoggedBatch({ tenant, producer, firstSeq, records: messages(count, firstSeq) });
    await store([batch(one, 5, 10), batch(one, 15, 5)]);
    await store([batch(one, 20, 10)]);
    expect(runsOf(TODAY)).toEqual([[5, 25, 1]]);
    await store([batch(other, 0, 3), batch(one, 30, 1), batch(one, 32, 1)]);
    await store([batch(one, 28, 10)]);
    expect(runsOf(TODAY)).toEqual([
      [5, 25, 1],
      [0, 3, 26],
      [30, 1, 29],
      [32, 1, 30],
      [31, 1, 31],
      [33, 5, 32],
    ]);
    const next = new SqliteLogSink(new StoreTables(file.database), realClock);
    expect(await store([batch(one, 0, 40)], undefined, next)).toEqual(counts({ stored: 7, duplicate: 33 }));
    expect(storedRecords(file.database, tenant)).toHaveLength(43);
  });

  it("writes nothing for what is settled already", async () => {
    const batch = buildLoggedBatch({ ...newIdentity(), records: messages(50) });
    await store([batch]);
    const changes = () => file.database.prepare("SELECT total_changes() AS n").get()!.n;
    const before = changes();
    expect(await store([batch])).toEqual(counts({ duplicate: 50 }));
    expect(changes()).toBe(before);
  });

  it("makes no tables for records that count nowhere", async () => {
    const { tenant } = newIdentity();
    const empty = buildLoggedBatch({ tenant, producer: producerOfDay(TODAY - 1), records: [] });
    await store([empty, buildLoggedBatch({ tenant, producer: producerOfDay(TODAY), records: messages(1) })]);
    expect([tables.recordDays(), tables.rollupDays()]).toEqual([[TODAY], []]);
  });

  it("changes nothing where a late part of the transaction fails, and stores it the next time", async () => {
    const { tenant, producer } = newIdentity();
    const batch = (firstSeq: number) =>
      buildLoggedBatch({ tenant, producer, firstSeq, records: messages(10, firstSeq) });
    await store([batch(0)]);
    file.database.exec("CREATE TEMP TRIGGER refuse BEFORE INSERT ON tenants BEGIN SELECT RAISE(ABORT, 'no'); END");
    const other = buildLoggedBatch({ ...newIdentity(), records: messages(1) });
    await expect(store([batch(10), other])).rejects.toMatchObject({ kind: "bug" });
    file.database.exec("DROP TRIGGER refuse");
    expect(storedRecords(file.database, tenant)).toHaveLength(10);
    expect(await store([batch(10), other, batch(0)])).toEqual(counts({ stored: 11, duplicate: 10 }));
  });

  it("refuses what its columns cannot hold, and stores the neighbours", async () => {
    const { tenant, producer } = newIdentity();
    const records: RecordToBuild[] = messages(5);
    records[1] = { message: "late", time: { seconds: 9_223_372_037n, nanos: 0 } };
    records[2] = { message: "early", time: { seconds: -9_223_372_037n, nanos: 0 } };
    records[3] = { message: "x".repeat(RECORD_BYTES_MAX) };
    const letters = new KeptLetters();
    const batch = buildLoggedBatch({ tenant, producer, records });
    expect(await store([batch], letters)).toEqual(counts({ stored: 2, deadLettered: 3 }));
    expect(letters.letters.map(({ reason }) => reason)).toEqual([
      "time_out_of_range",
      "time_out_of_range",
      "record_too_long",
    ]);
    const wrongBatch = { ...batch, producer: newProducer(), receivedNanos: 2n ** 63n };
    expect(await store([wrongBatch], letters)).toEqual(counts({ deadLettered: 5 }));
  });

  it("gives up when told to, and waits for room before each transaction", async () => {
    const stop = new AbortController();
    let asked = 0;
    const checkpoints = {
      room: async () => {
        if (++asked === 2) stop.abort();
      },
    };
    const waiting = new SqliteLogSink(tables, realClock, { checkpoints });
    const identity = newIdentity();
    const batch = (count: number) => buildLoggedBatch({ ...identity, records: messages(count) });
    expect(await waiting.store([batch(1)], noDeadLetters, stop.signal)).toEqual(counts({ stored: 1 }));
    await expect(waiting.store([batch(2)], noDeadLetters, stop.signal)).rejects.toMatchObject({ kind: "cancelled" });
    await expect(waiting.store([batch(2)], noDeadLetters, stop.signal)).rejects.toMatchObject({ kind: "cancelled" });
    expect(asked).toBe(2);
    expect(storedRecords(file.database, identity.tenant)).toHaveLength(1);
  });

  describe("judges conflicts", () => {
    afterEach(() => file.database.exec("DELETE FROM dead_letters"));

    it("among many seqs apart, of many producers, days and tenants", async () => {
      const identities = Array.from({ length: 30 }, (_, index) => ({
        tenant: `tenant-${index % 7}`,
        producer: producerOfDay(TODAY - (index % 3)),
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

    it("of records whose first comes with the day's other rows between", async () => {
      const [one, other] = [newIdentity(), newIdentity()];
      const batch = (identity: typeof one, firstSeq: number, count: number, first = firstSeq) =>
        buildLoggedBatch({ ...identity, firstSeq, records: messages(count, first) });
      for (let at = 0; at < 200; at += 20) await store([batch(one, at, 20), batch(other, at, 7)]);
      expect(await store([batch(one, 0, 200)])).toEqual(counts({ duplicate: 200 }));
      const letters = new KeptLetters();
      expect(await store([batch(one, 0, 200, 1_000)], letters)).toEqual(counts({ deadLettered: 200 }));
      expect(letters.ids()).toEqual(idsOf(one.producer, 0, 200));
    });

    it("of thousands of records that say the same in other bytes: none", async () => {
      const identity = newIdentity();
      const batchOf = (attributes: JsonObject) =>
        buildLoggedBatch({
          ...identity,
          records: Array.from({ length: 5_000 }, () => ({ message: "one", attributes })),
        });
      const letters = new KeptLetters();
      // Within one call, and with what is stored.
      expect(await store([batchOf({ a: 1, b: "two" }), batchOf({ b: "two", a: 1 })], letters)).toEqual(
        counts({ stored: 5_000, duplicate: 5_000 }),
      );
      expect(await store([batchOf({ b: "two", a: 1 })], letters)).toEqual(counts({ duplicate: 5_000 }));
      expect(letters.letters).toEqual([]);
    });

    it("as conflicts where there is no time to compare, and lets others have their turn", async () => {
      const list = Array<boolean>(10_000).fill(true);
      const identity = newIdentity();
      const batchOf = (message: string) =>
        buildLoggedBatch({
          ...identity,
          records: Array.from({ length: 40 }, () => ({ message, attributes: { list } })),
        });
      await store([batchOf("first")]);
      // Each look at this clock takes 20 ms of its time.
      let nowMs = 0;
      const clock: Clock = { nowMs: () => (nowMs += 20), monotonicMs: () => nowMs, sleep: async () => undefined };
      const hurried = new SqliteLogSink(tables, clock, { compareMsMax: 400 });
      const letters = new KeptLetters();
      let turns = 0;
      const other = setInterval(() => turns++, 0);
      expect(await store([batchOf("other")], letters, hurried)).toEqual(counts({ deadLettered: 40 }));
      clearInterval(other);
      const compared = letters.letters.filter(({ detail }) => !detail.includes("no time to compare"));
      expect(compared.length).toBeGreaterThan(5);
      expect(compared.length).toBeLessThan(30);
      expect(turns).toBeGreaterThan(0);
    });

    it("with what another call stored while it compared", async () => {
      const identity = newIdentity();
      const batchOf = (record: RecordToBuild) => buildLoggedBatch({ ...identity, records: [record, record] });
      const [one, other] = [
        { message: "one", attributes: { a: 1, b: 2 } },
        { message: "one", attributes: { b: 2, a: 1 } },
      ];
      const [first, second] = await Promise.all([
        store([batchOf(one), batchOf(other)]),
        store([batchOf(other), batchOf(one)]),
      ]);
      expect([first.stored + second.stored, first.duplicate + second.duplicate]).toEqual([2, 6]);
    });
  });

  it("lets others of its thread have their turn, though the next call comes at once", async () => {
    const identity = newIdentity();
    let turns = 0;
    const other = setInterval(() => turns++, 1);
    for (let at = 0; at < 30; at++) {
      await store([buildLoggedBatch({ ...identity, firstSeq: 100 * at, records: messages(100, 100 * at) })]);
    }
    clearInterval(other);
    expect(turns).toBeGreaterThan(5);
  });

  it("keeps what it does not know of a record, byte for byte", async () => {
    const { tenant, producer } = newIdentity();
    const bytes = Buffer.concat([encodeRecord({ message: "a" }), Buffer.from([0x98, 0x06, 0x01])]);
    await store([buildLoggedBatch({ tenant, producer, records: [bytes] })]);
    const row = file.database.prepare(`SELECT record FROM records_${tables.recordDays()[0]}`).get()!;
    expect(Buffer.compare(row.record as Uint8Array, bytes)).toBe(0);
  });
});
