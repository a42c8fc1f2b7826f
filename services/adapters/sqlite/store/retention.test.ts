import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildLoggedBatch } from "../../../ports/build-logged-batch.ts";
import { counts, KeptLetters, producerOfDay, request } from "../../../ports/contract-batches.ts";
import { SqliteDiskUse } from "./disk-use.ts";
import { SqliteLogSink } from "./log-sink.ts";
import { SqliteRetention } from "./retention.ts";
import { findInconsistencies } from "./store-consistency.ts";
import { makeTestFile, realClock, type TestFile } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

const TODAY = Math.floor(Date.now() / 86_400_000);
const MINUTE_NANOS = 29_000_000n * 60_000_000_000n;

describe("retention in SQLite", () => {
  let file: TestFile;
  let tables: StoreTables;
  let sink: SqliteLogSink;
  let retention: SqliteRetention;
  const { signal } = new AbortController();
  beforeEach(async () => {
    file = makeTestFile();
    tables = new StoreTables(file.database);
    sink = new SqliteLogSink(tables, realClock);
    retention = new SqliteRetention(tables);
    await sink.prepare();
  });
  afterEach(() => {
    try {
      expect(findInconsistencies(file.database)).toEqual([]);
    } finally {
      file.remove();
    }
  });

  const batchOf = (day: number, count = 100) =>
    buildLoggedBatch({
      tenant: "t",
      producer: producerOfDay(day),
      records: Array.from({ length: count }, () => request(MINUTE_NANOS, { path: "/" })),
    });
  const store = (...days: number[]) =>
    sink.store(
      days.map((day) => batchOf(day)),
      new KeptLetters(),
      signal,
    );

  it("leaves rollups alone where it is told 0, and drops them later", async () => {
    await store(TODAY - 2, TODAY - 1, TODAY);
    expect(await retention.keepFrom({ records: TODAY, rollups: 0 }, signal)).toEqual({
      firstDay: TODAY,
      dropped: [TODAY - 2, TODAY - 1],
    });
    expect([tables.recordDays(), tables.rollupDays()]).toEqual([[TODAY], [TODAY - 2, TODAY - 1, TODAY]]);
    expect(await retention.keepFrom({ records: 0, rollups: TODAY }, signal)).toEqual({
      firstDay: TODAY,
      dropped: [TODAY - 2, TODAY - 1],
    });
    expect(tables.rollupDays()).toEqual([TODAY]);
  });

  it("is the same for the next process", async () => {
    await store(TODAY - 1, TODAY);
    await retention.keepFrom({ records: TODAY, rollups: TODAY }, signal);
    sink = new SqliteLogSink(new StoreTables(file.database), realClock);
    expect(await store(TODAY - 1, TODAY)).toEqual(counts({ expired: 100, stored: 100 }));
  });

  it("says what it has dropped where it is told to stop, and goes on the next time", async () => {
    await store(TODAY - 3, TODAY - 2, TODAY - 1);
    const caller = new AbortController();
    const keeping = retention.keepFrom({ records: TODAY, rollups: TODAY }, caller.signal);
    caller.abort();
    const { dropped, unfinished } = await keeping;
    expect([dropped, unfinished]).toEqual([[TODAY - 3], expect.objectContaining({ kind: "cancelled" })]);
    expect(await store(TODAY - 1)).toEqual(counts({ expired: 100 }));
    expect((await retention.keepFrom({ records: TODAY, rollups: TODAY }, signal)).dropped).toEqual([
      TODAY - 3, // Its rollups.
      TODAY - 2,
      TODAY - 1,
    ]);
  });

  it("drops nothing, and says why, where the file cannot be written", async () => {
    await store(TODAY - 1);
    file.database.exec("PRAGMA query_only = 1");
    const first = { records: TODAY, rollups: TODAY };
    await expect(retention.keepFrom(first, signal)).rejects.toMatchObject({ kind: "store_unavailable" });
    file.database.exec("PRAGMA query_only = 0");
    expect(tables.recordDays()).toEqual([TODAY - 1]);
    expect((await retention.keepFrom(first, signal)).dropped).toEqual([TODAY - 1]);
  });

  it("gives room back that is used again", async () => {
    const diskUse = new SqliteDiskUse(tables);
    const storeDay = (day: number) => sink.store([batchOf(day, 10_000)], new KeptLetters(), signal);
    const empty = await diskUse.usedBytes();
    await storeDay(TODAY - 1);
    const one = await diskUse.usedBytes();
    expect(one).toBeGreaterThan(empty + 1_000_000);
    await storeDay(TODAY);
    const two = await diskUse.usedBytes();
    expect(await diskUse.recordDays()).toEqual([TODAY - 1, TODAY]);
    await retention.keepFrom({ records: TODAY, rollups: TODAY }, signal);
    expect(await diskUse.usedBytes()).toBeLessThan(1.02 * one);
    expect(await diskUse.recordDays()).toEqual([TODAY]);
    await storeDay(TODAY + 1);
    expect(await diskUse.usedBytes()).toBeLessThan(1.02 * two);
    const { page_count: pages } = file.database.prepare("PRAGMA page_count").get()!;
    expect(Number(pages) * 8_192).toBeLessThan(1.05 * two);
  });
});
