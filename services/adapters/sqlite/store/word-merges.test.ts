import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RETRY_WAIT_MS_MAX, WORD_MERGE_IDLE_MS, WORD_SEGMENTS_MAX } from "../../../domain/limits.ts";
import { buildLoggedBatch, newProducer } from "../../../ports/build-logged-batch.ts";
import { messages, noDeadLetters, producerOfDay } from "../../../ports/contract-batches.ts";
import { ManualClock } from "../../../ports/manual-clock.ts";
import { SqliteLogSink } from "./log-sink.ts";
import { findInconsistencies } from "./store-consistency.ts";
import { makeTestFile, realClock, type TestFile } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";
import { WordMerges } from "./word-merges.ts";

const TODAY = Math.floor(Date.now() / 86_400_000);

describe("the segments of the index of words", () => {
  let file: TestFile;
  let tables: StoreTables;
  let sink: SqliteLogSink;
  beforeEach(async () => {
    file = makeTestFile();
    tables = new StoreTables(file.database);
    sink = new SqliteLogSink(tables, realClock);
    await sink.prepare();
  });
  afterEach(() => {
    expect(findInconsistencies(file.database)).toEqual([]);
    file.remove();
  });

  const segments = (day = TODAY) => {
    const sql = `SELECT count(DISTINCT segid) AS n FROM words_${day}_idx`;
    return Number(file.database.prepare(sql).get()!.n);
  };
  async function storeTimes(times: number, day = TODAY): Promise<void> {
    for (let time = 0; time < times; time++) {
      const batch = buildLoggedBatch({ tenant: "t", producer: producerOfDay(day), records: messages(20) });
      await sink.store([batch], noDeadLetters, new AbortController().signal);
    }
  }
  const mergesWith = (clock: ManualClock, warnings: string[] = []) =>
    new WordMerges({
      tables,
      clock,
      logger: { debug: () => {}, info: () => {}, warn: (_facts, text) => warnings.push(text), error: () => {} },
    });

  it("are one for each transaction, and merged within them where there are too many", { timeout: 60_000 }, async () => {
    await storeTimes(WORD_SEGMENTS_MAX);
    expect(segments()).toBe(WORD_SEGMENTS_MAX);
    await storeTimes(60);
    expect(segments()).toBeLessThan(WORD_SEGMENTS_MAX / 2);
    await storeTimes(2 * WORD_SEGMENTS_MAX);
    expect(segments()).toBeLessThan(1.5 * WORD_SEGMENTS_MAX);
  });

  it("are counted by the next process", { timeout: 60_000 }, async () => {
    await storeTimes(WORD_SEGMENTS_MAX);
    sink = new SqliteLogSink(new StoreTables(file.database), realClock);
    await storeTimes(60);
    expect(segments()).toBeLessThan(WORD_SEGMENTS_MAX / 2);
  });

  it("are merged of every day when nothing else is to be done", async () => {
    await storeTimes(40, TODAY - 1);
    await storeTimes(40);
    const clock = new ManualClock();
    const merges = mergesWith(clock);
    merges.start();
    for (let wait = 0; wait < 20; wait++) await clock.pass(WORD_MERGE_IDLE_MS);
    expect([segments(TODAY - 1), segments()]).toEqual([1, 1]);

    const { commits } = tables;
    for (let wait = 0; wait < 5; wait++) await clock.pass(WORD_MERGE_IDLE_MS);
    expect(tables.commits).toBe(commits);
    await merges.stop();
  });

  it("wait while something is stored", async () => {
    await storeTimes(40);
    const clock = new ManualClock();
    const merges = mergesWith(clock);
    merges.start();
    for (let wait = 0; wait < 10; wait++) {
      await storeTimes(1);
      await clock.pass(WORD_MERGE_IDLE_MS);
    }
    expect(segments()).toBe(50);
    await merges.stop();
  });

  it("are left as they are where the file cannot be written, which is told", async () => {
    await storeTimes(40);
    const clock = new ManualClock();
    const warnings: string[] = [];
    const merges = mergesWith(clock, warnings);
    file.database.exec("PRAGMA query_only = 1");
    merges.start();
    for (let wait = 0; wait < 3; wait++) await clock.pass(WORD_MERGE_IDLE_MS);
    expect(warnings[0]).toBe("could not merge the index of words; trying again later");
    file.database.exec("PRAGMA query_only = 0");
    expect(warnings).toHaveLength(1); // It does not say so again at once.
    await clock.pass(RETRY_WAIT_MS_MAX);
    for (let wait = 0; wait < 20; wait++) await clock.pass(WORD_MERGE_IDLE_MS);
    expect(segments()).toBe(1);
    await merges.stop();
  });

  it("are none for records without a word", async () => {
    const batch = buildLoggedBatch({ tenant: "t", producer: newProducer(), records: [{}, { message: "!" }] });
    await sink.store([batch], noDeadLetters, new AbortController().signal);
    expect(segments(tables.recordDays()[0])).toBe(0);
  });
});
