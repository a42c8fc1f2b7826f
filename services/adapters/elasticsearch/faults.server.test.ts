import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeadLetter } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { type RunningElasticsearch, startElasticsearch } from "../../../stack/elasticsearch.ts";
import { haveServers } from "../../../stack/have-servers.ts";
import { words } from "../../domain/conditions.fixture.ts";
import { isKind } from "../../domain/errors.ts";
import { STORE_CHECK_MS_MAX, STORE_QUERY_LATE_MS_MAX, STORE_QUERY_MS_MAX } from "../../domain/limits.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { deadLetterOf } from "../../domain/refused-record.ts";
import { type SortKey, sortKeyOf } from "../../domain/stored-record.ts";
import { buildLoggedBatch, newProducer } from "../../ports/build-logged-batch.ts";
import { listedLetter } from "../../ports/dead-letter-replay.contract.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import { recordQuery, searchPage } from "../../ports/log-search.fixture.ts";
import type { RecordOrder } from "../../ports/log-search.ts";
import { addCounts, NO_COUNTS, type StoreCounts } from "../../ports/log-sink.ts";
import { noDeadLetters, StoreForTests } from "./elasticsearch.fixture.ts";
import { indexName } from "./index-template.ts";

/** An Elasticsearch that takes little at once, and that these tests may kill. */
const SMALL = { "http.max_content_length": "1mb", "node.processors": 1, "thread_pool.write.queue_size": 1 };

describe.runIf(haveServers("elasticsearch"))("Elasticsearch on a bad day", { timeout: 240_000 }, () => {
  let server: RunningElasticsearch;
  let store: StoreForTests;
  const signal = AbortSignal.timeout(600_000);
  const unavailable = { kind: "store_unavailable" };

  beforeAll(async () => {
    server = await startElasticsearch({ settings: SMALL, heapMiB: 512 });
    store = new StoreForTests(server.url);
    await Promise.all(Array.from({ length: 8 }, () => store.sink.prepare()));
  }, 120_000);
  afterAll(async () => {
    await store?.disconnect(); // The server goes with all its data; the last test has stopped it.
    await server?.remove();
  }, 60_000);

  const put = (batch: LoggedBatch) => store.sink.store([batch], noDeadLetters, signal);
  const index = (batch: LoggedBatch) => indexName(store.settings.indexPrefix, batch.producerDay);
  const changeIndex = (batch: LoggedBatch, settings: object) =>
    store.client.indices.putSettings({ index: index(batch), settings });

  it("halves a bulk that is too long for the server, down to the one record that is", async () => {
    const batch = batchOf(1_500, "x".repeat(1_000));
    expect(await put(batch)).toEqual({ ...NO_COUNTS, stored: 1_500 });

    const long = buildLoggedBatch({
      ...identity(),
      records: ["a", "\0".repeat(200_000), "b"].map((message) => ({ message })),
    });
    const letters: string[] = [];
    const deadLetters: DeadLetters = { keep: async (kept) => void letters.push(...kept.map(({ reason }) => reason)) };
    expect(await store.sink.store([long], deadLetters, signal)).toEqual({ ...NO_COUNTS, stored: 2, deadLettered: 1 });
    expect(letters).toEqual(["request_too_large"]);
  });

  it("sends records again for which the server was too busy, and counts each once", async () => {
    let waits = 0;
    const { clock } = store.settings;
    const busy = new StoreForTests(server.url, {
      nowMs: clock.nowMs,
      monotonicMs: clock.monotonicMs,
      sleep: (ms, until) => {
        waits += 1;
        return clock.sleep(ms, until);
      },
    });
    await busy.sink.prepare();
    const batches = Array.from({ length: 10 }, () => batchOf(500));
    const counts = await Promise.all(batches.map((batch) => untilStored(busy, batch)));
    expect(counts.reduce(addCounts, NO_COUNTS)).toMatchObject({ stored: 5_000, deadLettered: 0 });
    expect(waits).toBeGreaterThan(0);
    await busy.close();
  });

  it("waits for a shard that is away, and says meanwhile that it is not well", async () => {
    const batch = batchOf(10, "x", Date.now() - 5 * DAY_MS);
    const settings = { "index.routing.allocation.require._name": "nobody" };
    await store.client.indices.create({ index: index(batch), settings, wait_for_active_shards: 0 });
    await expect(store.sink.check()).rejects.toMatchObject(unavailable);
    await expect(store.search.search(recordQuery("default"), searchPage(), signal)).rejects.toMatchObject(unavailable);
    await expect(store.aggregates.timeSpan(recordQuery("default"), signal)).rejects.toMatchObject(unavailable);
    const stored = put(batch);
    await sleep(3_000);
    await changeIndex(batch, { "index.routing.allocation.require._name": null });
    expect(await stored).toEqual({ ...NO_COUNTS, stored: 10 });
    await store.sink.check();
    await store.client.indices.delete({ index: index(batch) });
  });

  it("takes a blocked index for a store that is away, not for a refusal", async () => {
    const batch = batchOf(10);
    await changeIndex(batch, { "index.blocks.write": true });
    await expect(put(batch)).rejects.toMatchObject(unavailable);
    await changeIndex(batch, { "index.blocks.write": null });
    expect(await put(batch)).toEqual({ ...NO_COUNTS, stored: 10 });
  });

  it("frees a full disk: retention goes on where everything is blocked", async () => {
    const day = Math.floor(Date.now() / DAY_MS) - 200;
    const batch = batchOf(10, "x", (day - 1) * DAY_MS);
    expect(await put(batch)).toEqual({ ...NO_COUNTS, stored: 10 });
    const state = `${store.settings.indexPrefix}-state`;
    const full = { "index.blocks.read_only_allow_delete": true };
    await Promise.all(
      [state, index(batch)].map((name) => store.client.indices.putSettings({ index: name, settings: full })),
    );
    await expect(put(batchOf(1, "x", (day - 1) * DAY_MS))).rejects.toMatchObject(unavailable);
    const kept = await store.retention.keepFrom({ records: day, rollups: day }, signal);
    expect(kept).toEqual({ firstDay: day, dropped: [day - 1] });
  });

  it("answers searches while the first records of a day make its index", async () => {
    let storing = true;
    const searches = (async () => {
      let done = 0;
      for (; storing; done++) await store.search.search(recordQuery("default"), searchPage({ size: 10 }), signal);
      return done;
    })();
    for (let day = 20; day < 26; day++) await untilStored(store, batchOf(1, "x", Date.now() - day * DAY_MS));
    storing = false;
    expect(await searches).toBeGreaterThan(0);
  });

  it("cuts a page that is longer than one answer may be, and goes on behind it", async () => {
    const { tenant, producer } = identity();
    const message = "ab ".repeat(80_000);
    for (let part = 0; part < 40; part++) {
      const records = [{ message }, { message }];
      await untilStored(store, buildLoggedBatch({ tenant, producer, firstSeq: part * 2, records }));
    }
    await store.refresh();
    const pagesOf = async (order: RecordOrder) => {
      const seqs: number[] = [];
      let cut = 0;
      for (let after: SortKey | undefined; ; ) {
        const page = searchPage({ size: 100, order, after });
        const { records, isPartial, isCut } = await store.search.search(recordQuery(tenant), page, signal);
        expect(isPartial).toBe(false);
        seqs.push(...records.map(({ seq }) => seq));
        if (!isCut) return { seqs, cut };
        cut++;
        after = sortKeyOf(records.at(-1)!);
      }
    };
    const newest = await pagesOf("newest_first");
    expect(newest.cut).toBeGreaterThan(0);
    expect(newest.seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, seq) => seq));
    expect((await pagesOf("oldest_first")).seqs).toEqual(newest.seqs.toReversed());
  });

  it("stores each record once though it is killed in between", async () => {
    const { tenant, producer } = identity();
    const batches = Array.from({ length: 20 }, (_, part) =>
      buildLoggedBatch({ tenant, producer, firstSeq: part * 300, records: Array(300).fill({ message: "kept" }) }),
    );
    let restarted = Promise.resolve();
    let counts: StoreCounts = NO_COUNTS;
    for (const [part, batch] of batches.entries()) {
      const stored = untilStored(store, batch);
      if (part === 5) restarted = server.kill().then(() => server.restart());
      counts = addCounts(counts, await stored);
    }
    await restarted;
    expect(counts.stored + counts.duplicate).toBe(6_000);
    expect(await store.stored(tenant)).toHaveLength(6_000);
  });

  it("says in time that it does not answer, and leaves the caller's signal alone", async () => {
    const caller = new AbortController();
    let events = 0;
    caller.signal.addEventListener("abort", () => events++);
    server.pause();
    try {
      const given = new AbortController();
      const givenUp = store.search.search(recordQuery("default"), searchPage({ size: 1 }), given.signal);
      const search = store.search.search(recordQuery("default", words("secret")), searchPage(), caller.signal);
      const outcomes = Promise.all([
        expect(givenUp).rejects.toMatchObject({ kind: "cancelled" }),
        expect(timed(store.sink.check())).rejects.toMatchObject(unavailable),
        expect(search).rejects.toMatchObject(unavailable),
      ]);
      await sleep(100);
      given.abort();
      const started = performance.now();
      await givenUp.catch(() => {});
      expect(performance.now() - started).toBeLessThan(1_000);
      await outcomes;
      expect(deepText(await search.catch((reason: unknown) => reason))).not.toContain("secret");
      expect(performance.now() - started).toBeLessThan(STORE_QUERY_MS_MAX + STORE_QUERY_LATE_MS_MAX + 1_500);
      expect(events).toBe(0);
    } finally {
      server.resume();
    }
    await untilStored(store, batchOf(1));
  });

  it("says at once that nobody is there, with an error that does not hold the records", async () => {
    await server.stop();
    await expect(store.sink.prepare()).rejects.toMatchObject(unavailable);
    await expect(store.retention.keepFrom({ records: 1, rollups: 1 }, signal)).rejects.toMatchObject(unavailable);
    await expect(store.replay.replay(listedLetter(letterOf(batchOf(1))), signal)).rejects.toMatchObject(unavailable);
    await expect(store.sink.check()).rejects.toMatchObject(unavailable);
    await expect(store.search.check()).rejects.toMatchObject(unavailable);
    await expect(store.search.search(recordQuery("default"), searchPage(), signal)).rejects.toMatchObject(unavailable);
    await expect(store.aggregates.timeSpan(recordQuery("default"), signal)).rejects.toMatchObject(unavailable);
    await expect(store.aggregates.facets(recordQuery("default"), [{ kind: "level" }], 1, signal)).rejects.toMatchObject(
      unavailable,
    );
    const reason = await put(batchOf(1, "secret")).catch((error: unknown) => error);
    expect(isKind(reason, "store_unavailable")).toBe(true);
    expect(deepText(reason)).not.toContain("secret");
  });
});

const DAY_MS = 86_400_000;

function identity(timeMs = Date.now()): { tenant: string; producer: string } {
  return { tenant: `tenant-${randomUUID()}`, producer: newProducer(timeMs) };
}

function letterOf(batch: LoggedBatch): DeadLetter {
  return deadLetterOf("elasticsearch", { batch, logged: batch.records[0]!, reason: "test", detail: "" });
}

function batchOf(count: number, message = "a message", timeMs = Date.now()): LoggedBatch {
  return buildLoggedBatch({ ...identity(timeMs), records: Array(count).fill({ message }) });
}

/** As the worker does: the same batch until the store has taken it. */
async function untilStored(store: StoreForTests, batch: LoggedBatch): Promise<StoreCounts> {
  const signal = AbortSignal.timeout(200_000);
  for (;;) {
    try {
      return await store.sink.store([batch], noDeadLetters, signal);
    } catch (reason) {
      if (!isKind(reason, "store_unavailable")) throw reason;
      await sleep(100 + Math.random() * 300, undefined, { signal });
    }
  }
}

/** Fails where a check takes longer than its port allows. */
async function timed(check: Promise<void>): Promise<void> {
  const late = sleep(STORE_CHECK_MS_MAX + 500).then(() => Promise.reject(new Error("the check took too long")));
  await Promise.race([check, late]);
}

/** All that a log might print of an error. */
function deepText(reason: unknown): string {
  const seen = new Set<unknown>();
  return JSON.stringify(reason, function replace(this: unknown, _key, value: unknown) {
    if (typeof value === "bigint") return String(value);
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value instanceof Error
      ? { ...value, message: value.message, stack: value.stack, cause: value.cause }
      : value;
  });
}
