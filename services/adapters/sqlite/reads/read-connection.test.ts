import { afterEach, expect, it } from "vitest";
import { words } from "../../../domain/conditions.fixture.ts";
import { READ_STATEMENTS_MAX } from "../../../domain/limits.ts";
import { buildLoggedBatch, newProducer } from "../../../ports/build-logged-batch.ts";
import { newTenant } from "../../../ports/contract-batches.ts";
import { recordQuery } from "../../../ports/log-search.fixture.ts";
import { storeManyRecords } from "../store/many-records.fixture.ts";
import { searchPage } from "./log-search.ts";
import { monotonicMs, ReadBound } from "./read-bound.ts";
import { ReadConnection } from "./read-connection.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";
import type { StoreReader } from "./store-reader.ts";

let store: StoreToRead;
let connection: ReadConnection;

afterEach(async () => {
  connection.close();
  await store.close();
});

async function open(): Promise<void> {
  store = await makeStoreToRead({ threads: 0 });
  connection = new ReadConnection(store.file.path);
}

function boundOf(msMax = 60_000, isCancelled = () => false): ReadBound {
  return new ReadBound({ msMax, endMs: monotonicMs() + msMax, isCostly: false }, isCancelled);
}

/** Nobody holds an old state of the file any more. */
function expectNothingRead(): void {
  const checkpoint = store.file.database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
  expect(checkpoint).toEqual({ busy: 0, log: 0, checkpointed: 0 });
}

it("ends a statement in its middle when nobody waits for it any more", async () => {
  await open();
  const many = storeManyRecords(store.tables, 20_000);
  const count = (reader: StoreReader) =>
    reader.row(`SELECT count(*) FROM records_${many.day} WHERE still_wanted()`)?.[0];
  let asked = 0;
  const cancelledSoon = boundOf(60_000, () => ++asked > 10);
  expect(() => connection.read(cancelledSoon, count)).toThrow(expect.objectContaining({ kind: "cancelled" }));
  expect(asked).toBe(11); // Each 256 rows: long before the end.
  expectNothingRead();
  expect(connection.read(boundOf(), count)).toBe(20_000n);
  expectNothingRead();
});

it("begins nothing that nobody waits for, or whose time is up", async () => {
  await open();
  const read = (bound: ReadBound) => () =>
    connection.read(bound, () => {
      throw new Error("begun");
    });
  expect(read(boundOf(60_000, () => true))).toThrow(expect.objectContaining({ kind: "cancelled" }));
  expect(read(boundOf(0))).toThrow(
    expect.objectContaining({ kind: "store_unavailable", message: expect.stringContaining("within 0 ms") }),
  );
});

it("shows one state of the store from the first statement to the last", async () => {
  await open();
  const tenant = newTenant();
  await store.store([buildLoggedBatch({ tenant, producer: newProducer(), records: [{ message: "here" }] })]);
  const page = { size: 10, order: "newest_first", after: undefined } as const;
  const find = (reader: StoreReader) => searchPage(reader, recordQuery(tenant, words("here")), page).records.length;
  const found = connection.read(boundOf(), (reader) => {
    const before = find(reader);
    const [day] = store.tables.recordDays();
    store.tables.transaction(() => store.tables.dropRecordDay(day!));
    return [before, find(reader)];
  });
  expect(found).toEqual([1, 1]);
  expect(connection.read(boundOf(), find)).toBe(0);
  expectNothingRead();
});

it("begins again after an error of SQLite, and with more statements than it keeps", async () => {
  await open();
  const wrong = (reader: StoreReader) => reader.rows("SELECT nothing FROM nowhere");
  expect(() => connection.read(boundOf(), wrong)).toThrow(expect.objectContaining({ kind: "bug" }));
  const texts = Array.from({ length: 2 * READ_STATEMENTS_MAX }, (_, number) => `SELECT ${number}`);
  const numbers = connection.read(boundOf(), (reader) => [...texts, ...texts].map((text) => reader.row(text)![0]));
  expect(numbers).toEqual([...texts, ...texts].map((text) => BigInt(text.slice("SELECT ".length))));
});
