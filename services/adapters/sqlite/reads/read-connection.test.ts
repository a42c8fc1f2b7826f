import { afterEach, expect, it } from "vitest";
import { not, words } from "../../../domain/conditions.fixture.ts";
import { READ_STATEMENTS_MAX } from "../../../domain/limits.ts";
import { buildLoggedBatch, newProducer } from "../../../ports/build-logged-batch.ts";
import { newTenant } from "../../../ports/contract-batches.ts";
import { recordQuery } from "../../../ports/log-search.fixture.ts";
import type { RecordQuery } from "../../../ports/record-query.ts";
import { storeManyRecords } from "../store/many-records.fixture.ts";
import { listAccess } from "./access-log.ts";
import { facets } from "./facets.ts";
import { histogram } from "./histogram.ts";
import { searchPage } from "./log-search.ts";
import { monotonicMs, ReadBound } from "./read-bound.ts";
import { ReadConnection } from "./read-connection.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";
import type { StoreReader } from "./store-reader.ts";

const USER_AGENT = { kind: "text", field: "user_agent" } as const;
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

const HAS_NO_SPAN = not({ kind: "text", field: "span_id", test: "exists", value: "" });
const COUNTS: [name: string, count: (reader: StoreReader, query: RecordQuery) => unknown][] = [
  ["a histogram", (reader, query) => histogram(reader, query, 7_200_000_000_000n)],
  ["facets", (reader, query) => facets(reader, query, [{ kind: "level" }], 10)],
  ["facets of what only records have", (reader, query) => facets(reader, query, [USER_AGENT], 10)],
];

it.each(COUNTS)("gives no part of %s when nobody waits for it any more", async (_, count) => {
  await open();
  const query = recordQuery(storeManyRecords(store.tables, 20_000).tenant, HAS_NO_SPAN);
  let asked = 0;
  const cancelledSoon = boundOf(60_000, () => ++asked > 3);
  expect(() => connection.read(cancelledSoon, (reader) => count(reader, query))).toThrow(
    expect.objectContaining({ kind: "cancelled" }),
  );
  expectNothingRead();
  // What was kept of the statement that has failed is not said again.
  expect(connection.read(boundOf(), (reader) => count(reader, query))).toHaveLength(1);
});

it.each(COUNTS)("gives no part of %s where a record cannot be read", async (_, count) => {
  await open();
  const many = storeManyRecords(store.tables, 1_000);
  store.file.database.exec(`UPDATE records_${many.day} SET record = x'0b' WHERE id = 500`);
  const query = recordQuery(many.tenant, HAS_NO_SPAN);
  const page = { size: 1_000, order: "newest_first", after: undefined } as const;
  const errorOf = (work: (reader: StoreReader) => unknown) => {
    try {
      return connection.read(boundOf(), work);
    } catch (reason) {
      return reason;
    }
  };
  const ofSearch = errorOf((reader) => searchPage(reader, query, page));
  expect(ofSearch).toMatchObject({ kind: "bug" });
  expect(errorOf((reader) => listAccess(reader, query, 10, 0))).toEqual(ofSearch);
  expect(errorOf((reader) => count(reader, query))).toEqual(ofSearch);
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
