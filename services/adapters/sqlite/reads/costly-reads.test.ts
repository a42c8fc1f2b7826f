import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { words } from "../../../domain/conditions.fixture.ts";
import { encodeRecord } from "../../../ports/build-logged-batch.ts";
import { recordQuery, searchPage } from "../../../ports/log-search.fixture.ts";
import type { RecordQuery } from "../../../ports/record-query.ts";
import { storeManyRecords } from "../store/many-records.fixture.ts";
import { facets } from "./facets.ts";
import { monotonicMs, ReadBound } from "./read-bound.ts";
import { ReadConnection } from "./read-connection.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";

const COUNT = 300_000; // Decoding them all takes a second and more.
const TIMEOUT = { timeout: 60_000 };
const patient = AbortSignal.timeout(600_000);

describe("reads that take too long", () => {
  let store: StoreToRead;
  let tenant: string;
  const query = (condition?: RecordQuery["condition"]) => recordQuery(tenant, condition);
  beforeEach(async () => {
    store = await makeStoreToRead({ queryMsMax: 300 });
    tenant = storeManyRecords(store.tables, COUNT, { words: true }).tenant;
    await store.reads.check(); // A thread has begun.
  });
  afterEach(() => store.close());

  it("are searches that end with what they have, and say so", TIMEOUT, async () => {
    const { reads } = store;
    const few = searchPage({ msMax: 100 });
    const all = searchPage({ msMax: 100, size: COUNT });
    expect((await reads.search(query(hasNoSpan()), searchPage(), patient)).isPartial).toBe(false);
    const none = query({ kind: "all", of: [words("common"), hasSpan()] });
    expect(await reads.search(none, few, patient)).toEqual({ records: [], isPartial: true, isCut: false });
    const { records, isPartial } = await reads.search(query(hasNoSpan()), all, patient);
    expect(isPartial).toBe(true);
    expect(records.length).toBeGreaterThan(0);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => COUNT - index));
  });

  it("are searches that go on as long reads, and then find what is there", TIMEOUT, async () => {
    const [day] = store.tables.recordDays();
    const bytes = Buffer.from(encodeRecord({ spanId: "here" }));
    store.file.database.prepare(`UPDATE records_${day} SET record = ? WHERE id = 1`).run(bytes); // The oldest.
    const { records, isPartial } = await store.reads.search(query(hasSpan()), searchPage({ msMax: 30_000 }), patient);
    expect(records.map(({ seq, record }) => [seq, record.spanId])).toEqual([[1, "here"]]);
    expect(isPartial).toBe(false);
  });

  it("are counts that are refused as too costly", TIMEOUT, async () => {
    const tooCostly = { kind: "query_too_costly" };
    const slow = recordQuery(tenant, hasSpan(), { startNanos: 0n, endNanos: 3_600_000_000_001n });
    await expect(store.reads.timeSpan(slow, patient)).rejects.toMatchObject(tooCostly);
    await expect(store.reads.histogram(slow, 3_600_000_000_000n, patient)).rejects.toMatchObject(tooCostly);
    await expect(store.reads.facets(slow, [{ kind: "level" }], 10, patient)).rejects.toMatchObject(tooCostly);
    await expect(store.reads.list(slow, 10, 0, patient)).rejects.toMatchObject(tooCostly);
  });

  it("are counts of what most records meet: a part of them is no answer", TIMEOUT, async () => {
    const most = query(hasNoSpan());
    const tooCostly = { kind: "query_too_costly" };
    await expect(store.reads.histogram(most, 3_600_000_000_000n, patient)).rejects.toMatchObject(tooCostly);
    await expect(store.reads.facets(most, [{ kind: "level" }], 10, patient)).rejects.toMatchObject(tooCostly);
  });

  it("that only waited for others are refused as such", TIMEOUT, async () => {
    const slow = recordQuery(tenant, hasSpan(), { startNanos: 0n, endNanos: 3_600_000_000_001n });
    const settled = await Promise.allSettled([1, 2, 3].map(() => store.reads.timeSpan(slow, patient)));
    const kinds = settled.map((one) => (one as PromiseRejectedResult).reason.kind);
    expect(kinds).toEqual(["query_too_costly", "store_unavailable", "store_unavailable"]);
  });

  it("count values in bounded memory", TIMEOUT, () => {
    const connection = new ReadConnection(store.file.path);
    const bound = new ReadBound({ msMax: 60_000, endMs: monotonicMs() + 60_000, isCostly: true }, () => false);
    try {
      store.file.database.exec(
        `UPDATE records_${store.tables.recordDays()[0]} SET path = CAST(iif(id % 3 = 0, '/', id) AS BLOB)`,
      );
      const [paths, level] = connection.read(bound, (reader) =>
        facets(reader, query(), [{ kind: "text", field: "path" }, { kind: "level" }], 2, 1_000),
      );
      expect(paths!.countErrorMax).toBeGreaterThan(0);
      expect(paths!.countErrorMax).toBeLessThanOrEqual((2 * COUNT) / 1_000);
      expect(paths!.values[0]!.value).toBe("/");
      expect(paths!.values[0]!.count).toBeGreaterThanOrEqual(COUNT / 3 - paths!.countErrorMax);
      expect(paths!.values[0]!.count).toBeLessThanOrEqual(COUNT / 3);
      expect(level).toEqual({ values: [{ value: "INFO", count: COUNT }], countErrorMax: 0 });
    } finally {
      connection.close();
    }
  });
});

/** Only a look into each record tells; none has one. */
function hasSpan(): RecordQuery["condition"] {
  return { kind: "text", field: "span_id", test: "exists", value: "" };
}

function hasNoSpan(): RecordQuery["condition"] {
  return { kind: "not", of: hasSpan() };
}
