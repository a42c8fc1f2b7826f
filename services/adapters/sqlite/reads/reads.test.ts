import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { text, words } from "../../../domain/conditions.fixture.ts";
import { READ_LOOK_BYTES_MAX, RECORD_BYTES_MAX } from "../../../domain/limits.ts";
import { type SortKey, sortKeyOf } from "../../../domain/stored-record.ts";
import { buildLoggedBatch, newProducer } from "../../../ports/build-logged-batch.ts";
import { newTenant, producerOfDay, storeOne } from "../../../ports/contract-batches.ts";
import { recordQuery, searchPage } from "../../../ports/log-search.fixture.ts";
import { type ManyRecords, storeManyRecords } from "../store/many-records.fixture.ts";
import { isMarkedDamaged } from "../store/store-damage.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";

const MANY = 200_000; // Looking at each takes half a second and more.
const TIMEOUT = { timeout: 30_000 }; // Where others need the processor too.
const patient = AbortSignal.timeout(600_000);
const stores: StoreToRead[] = [];

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

async function makeStore(...options: Parameters<typeof makeStoreToRead>): Promise<StoreToRead> {
  const store = await makeStoreToRead(...options);
  stores.push(store);
  return store;
}

/** A list that looks at every record and finds none. */
function slowList({ reads }: StoreToRead, { tenant }: ManyRecords, signal = patient) {
  return reads.list(recordQuery(tenant, text("method", "other")), 10, 0, signal);
}

/** Milliseconds until the promise is settled, and how. */
async function settled(promise: Promise<unknown>): Promise<{ ms: number; reason: unknown }> {
  const start = performance.now();
  const reason = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  return { ms: performance.now() - start, reason };
}

it("refuses reads until the store's writer has made the tables, and answers them then", TIMEOUT, async () => {
  const { reads, sink } = await makeStore({}, { prepared: false });
  const refused = { kind: "store_unavailable" };
  await expect(reads.search(recordQuery("default"), searchPage(), patient)).rejects.toMatchObject(refused);
  await expect(reads.check()).rejects.toMatchObject(refused);
  await sink.prepare();
  await reads.check();
  expect(await reads.search(recordQuery("default"), searchPage(), patient)).toEqual({
    records: [],
    isPartial: false,
    isCut: false,
  });
});

it("refuses reads of a file that is not there, and makes none", TIMEOUT, async () => {
  const store = await makeStore({ path: "/nowhere/store.db" });
  await expect(store.reads.check()).rejects.toMatchObject({ kind: "store_unavailable" });
});

it(
  "cuts a page where it is longer than one answer between threads may be, and goes on behind it",
  TIMEOUT,
  async () => {
    const { reads, store } = await makeStore();
    const raw = new Uint8Array(RECORD_BYTES_MAX - 100).fill(7);
    const count = Math.ceil((2.2 * READ_LOOK_BYTES_MAX) / raw.length);
    const tenant = newTenant();
    const records = Array.from({ length: count }, () => ({ raw }));
    await store([buildLoggedBatch({ tenant, producer: newProducer(), records })]);
    const seqs: number[] = [];
    let after: SortKey | undefined;
    for (let looks = 0; looks < 3; looks++) {
      const found = await reads.search(recordQuery(tenant), searchPage({ size: count + 10, after }), patient);
      expect(found).toMatchObject({ isPartial: false, isCut: looks < 2 });
      seqs.push(...found.records.map(({ seq }) => seq));
      after = sortKeyOf(found.records.at(-1)!);
    }
    expect(seqs).toEqual(records.map((_, index) => count - 1 - index));
  },
);

it("stops a read whose time is up, and the thread answers the next one", TIMEOUT, async () => {
  const store = await makeStore({ threads: 1, queryMsMax: 200 });
  const many = storeManyRecords(store.tables, MANY);
  await store.reads.check(); // The thread has begun.
  const { reason } = await settled(slowList(store, many));
  expect(reason).toMatchObject({ kind: "query_too_costly", message: expect.stringContaining("longer than 200 ms") });
  const next = await settled(store.reads.get(many.tenant, { producer: many.producer, seq: 1 }, patient));
  expect(next.reason).toBeUndefined(); // Within 200 ms too.
});

it("stops a read that nobody waits for, and the thread answers the next one", TIMEOUT, async () => {
  const store = await makeStore({ threads: 1 });
  const many = storeManyRecords(store.tables, MANY);
  const whole = await settled(slowList(store, many));
  expect(whole.reason).toBeUndefined();
  const caller = new AbortController();
  const list = settled(slowList(store, many, caller.signal));
  await sleep(whole.ms / 10);
  caller.abort(new Error("hung up"));
  expect((await list).reason).toEqual(new Error("hung up"));
  const next = await settled(store.reads.get(many.tenant, { producer: many.producer, seq: 1 }, patient));
  expect(next).toMatchObject({ reason: undefined });
  expect(next.ms).toBeLessThan(whole.ms / 2);
  await expect(slowList(store, many, caller.signal)).rejects.toThrow("hung up");
});

it("lets so many reads wait, refuses more, and forgets those that nobody waits for", TIMEOUT, async () => {
  const store = await makeStore({ threads: 1, waitingMax: 2 });
  const many = storeManyRecords(store.tables, MANY);
  await store.reads.check();
  const caller = new AbortController();
  const underWay = slowList(store, many);
  const waits = slowList(store, many);
  const leaves = slowList(store, many, caller.signal);
  await expect(slowList(store, many)).rejects.toMatchObject({ kind: "overloaded", retryAfterMs: 1_000 });
  caller.abort(new Error("hung up"));
  await expect(leaves).rejects.toThrow("hung up");
  const checked = store.reads.check().then(() => performance.now()); // Goes before the one that waits.
  const listed = waits.then(() => performance.now());
  await underWay;
  expect(await checked).toBeLessThan(await listed);
});

it("finds a record while as many lists as there may be go through everything", TIMEOUT, async () => {
  const store = await makeStore({ threads: 2 });
  const tenant = newTenant();
  const producer = producerOfDay(100); // Its tables are not those that are filled past the sink.
  const { batch } = await storeOne(store.sink, { tenant, producer, records: [{ message: "here" }] });
  const many = storeManyRecords(store.tables, MANY);
  let listsOver = 0;
  const lists = [1, 2, 3, 4].map(() => slowList(store, many).then(() => listsOver++));
  const found = await store.reads.get(tenant, { producer: batch.producer, seq: 0 }, patient);
  expect(found?.record.message).toBe("here");
  expect(listsOver).toBeLessThan(2); // Of four: nobody waited for all that came before.
  await Promise.all(lists);
});

it("does not hold up the writer, whose checkpoint finishes when the read has ended", TIMEOUT, async () => {
  const store = await makeStore();
  const many = storeManyRecords(store.tables, MANY);
  const whole = await settled(slowList(store, many));
  let isUnderWay = true;
  const list = slowList(store, many).finally(() => {
    isUnderWay = false;
  });
  await sleep(whole.ms / 10);
  const producer = newProducer(Date.now() - 86_400_000); // Of another day: the rows of this one were stored by hand.
  const written = await settled(storeOne(store.sink, { tenant: newTenant(), producer, records: [{}] }));
  expect(written.reason).toBeUndefined();
  await new Promise((resolve) => setImmediate(resolve));
  expect(isUnderWay).toBe(true);
  await list;
  const checkpoint = store.file.database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
  expect(checkpoint).toEqual({ busy: 0, log: 0, checkpointed: 0 });
});

it("answers while days come and go", TIMEOUT, async () => {
  const { reads, store, tables } = await makeStore();
  const tenant = newTenant();
  const producers = Array.from({ length: 20 }, (_, day) => newProducer(Date.now() - day * 86_400_000));
  await store(producers.map((producer) => buildLoggedBatch({ tenant, producer, records: [{ message: "here" }] })));
  const days = tables.recordDays();
  expect(days).toHaveLength(producers.length);
  const query = recordQuery(tenant, words("here"));
  let left = days.length;
  for (const day of days) {
    const searches = Array.from({ length: 6 }, () => reads.search(query, searchPage(), patient));
    await new Promise((resolve) => setImmediate(resolve));
    tables.transaction(() => tables.dropRecordDay(day));
    const counts = new Set((await Promise.all(searches)).map(({ records }) => records.length));
    expect([...counts].every((count) => count === left || count === left - 1)).toBe(true);
    left--;
  }
  expect(await reads.search(query, searchPage(), patient)).toEqual({ records: [], isPartial: false, isCut: false });
});

it("tells of damage, and notes it for the next start", TIMEOUT, async () => {
  const { file, reads, told, store } = await makeStore();
  const tenant = newTenant();
  const records = Array.from({ length: 2_000 }, (_, index) => ({ message: `message ${index}` }));
  await store([buildLoggedBatch({ tenant, producer: newProducer(), records })]);
  file.database.close();
  const bytes = statSync(file.path).size;
  const descriptor = openSync(file.path, "r+");
  writeSync(descriptor, new Uint8Array(bytes - 8_192).fill(0xff), 0, bytes - 8_192, 8_192);
  closeSync(descriptor);
  await expect(reads.search(recordQuery(tenant), searchPage(), patient)).rejects.toMatchObject({
    kind: "store_unavailable",
    message: expect.stringContaining("damaged"),
  });
  expect(told.damages).toHaveLength(1);
  expect(isMarkedDamaged(file.path)).toBe(true);
});

it("ends what is under way and what waits when it is closed", TIMEOUT, async () => {
  const store = await makeStore({ threads: 1 });
  const many = storeManyRecords(store.tables, MANY);
  const reads = [slowList(store, many), slowList(store, many), store.reads.check()].map(settled);
  await Promise.all([store.reads.close(), store.reads.close()]);
  for (const { reason } of await Promise.all(reads)) expect(reason).toMatchObject({ kind: "store_unavailable" });
  await expect(slowList(store, many)).rejects.toMatchObject({ kind: "store_unavailable" });
  expect(store.told.deaths).toEqual([]);
});
