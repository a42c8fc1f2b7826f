import { equals } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import type { Condition } from "../domain/condition.ts";
import { words } from "../domain/conditions.fixture.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "./build-logged-batch.ts";
import { newTenant } from "./contract-batches.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";
import { type LogSearchHarness, recordQuery, searchPage } from "./log-search.fixture.ts";
import type { SearchPage } from "./log-search.ts";
import { filterContract } from "./log-search-filter.contract.ts";
import { pagingContract } from "./log-search-paging.contract.ts";
import type { RecordQuery } from "./record-query.ts";

/** What every LogSearch must do, whatever it is made of. */
export function logSearchContract(adapterName: string, make: () => Promise<LogSearchHarness>): void {
  describe(`${adapterName} keeps the LogSearch contract`, () => {
    let harness: LogSearchHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness?.close());

    /** The seqs found, of a search that must not run out of time. */
    async function find(query: RecordQuery, page: Partial<SearchPage> = {}): Promise<number[]> {
      const found = await harness.search.search(query, searchPage(page), signal);
      expect(found.isPartial).toBe(false);
      return found.records.map(({ seq }) => seq);
    }

    /** Stores the records under a new tenant and gives a way to find their places in the list, newest first. */
    async function given(records: RecordToBuild[]) {
      const tenant = newTenant();
      // Without a time of its own each record is a nanosecond older than the one before: found in the order given.
      const timed = records.map((record, index) => ({ time: nanosToTimestamp(BASE_NANOS - BigInt(index)), ...record }));
      await harness.store([buildLoggedBatch({ tenant, producer: newProducer(), records: timed })]);
      return (condition?: Condition, times?: Partial<RecordQuery>, page?: Partial<SearchPage>) =>
        find(recordQuery(tenant, condition, times), page);
    }

    it("finds nothing where nothing is stored, and answers its check", async () => {
      await harness.search.check();
      const query = recordQuery(newTenant(), words("a"), { startNanos: 0n });
      const after = { timeNanos: 1n, producer: newProducer(), seq: 0 };
      for (const order of ["newest_first", "oldest_first"] as const) {
        expect(await find(query, { order })).toEqual([]);
        expect(await find(query, { order, after })).toEqual([]);
      }
    });

    it("finds all records of the tenant without conditions, newest or oldest first", async () => {
      const times = [5n, 7n, 7n, 6n, 0n, 8n].map((nanos) => ({ time: nanosToTimestamp(nanos) }));
      const ask = await given(times);
      expect(await ask()).toEqual([5, 2, 1, 3, 0, 4]);
      expect(await ask(undefined, {}, { order: "oldest_first" })).toEqual([4, 0, 3, 1, 2, 5]);
    });

    it("includes the start of a time range and excludes its end, to the nanosecond", async () => {
      const times = [LAST_NANOS, BASE_NANOS + 1n, BASE_NANOS, BASE_NANOS - 1n, 0n];
      const ask = await given(times.map((nanos) => ({ time: nanosToTimestamp(nanos) })));
      const within = (startNanos?: bigint, endNanos?: bigint) => ask(undefined, { startNanos, endNanos });
      expect(await within(BASE_NANOS)).toEqual([0, 1, 2]);
      expect(await within(undefined, BASE_NANOS)).toEqual([3, 4]);
      expect(await within(BASE_NANOS, BASE_NANOS + 1n)).toEqual([2]);
      expect(await within(BASE_NANOS, BASE_NANOS)).toEqual([]);
      expect(await within(BASE_NANOS + 1n, BASE_NANOS)).toEqual([]);
      expect(await within(0n, LAST_NANOS)).toEqual([1, 2, 3, 4]);
      expect(await within(LAST_NANOS)).toEqual([0]);
    });

    it("takes times that no record can have", async () => {
      const ask = await given([{ time: nanosToTimestamp(LAST_NANOS) }, { time: nanosToTimestamp(0n) }]);
      const within = (startNanos?: bigint, endNanos?: bigint) => ask(undefined, { startNanos, endNanos });
      expect(await within(-1n, LAST_NANOS + 1n)).toEqual([0, 1]);
      expect(await within(LAST_NANOS + 1n)).toEqual([]);
      expect(await within(undefined, 0n)).toEqual([]);
      expect(await within(-(10n ** 30n), 10n ** 30n)).toEqual([0, 1]);
    });

    it("holds condition and time at once", async () => {
      const times = [3n, 2n, 2n, 1n].map((off) => nanosToTimestamp(BASE_NANOS + off));
      const ask = await given(times.map((time, index) => ({ time, message: index === 1 ? "odd" : "even" })));
      expect(await ask(words("even"), { startNanos: BASE_NANOS + 2n })).toEqual([0, 2]);
      expect(await ask(words("even"), { endNanos: BASE_NANOS + 3n })).toEqual([2, 3]);
      expect(await ask(words("odd"), { startNanos: BASE_NANOS + 3n })).toEqual([]);
    });

    it("keeps tenants apart", async () => {
      const producer = newProducer();
      const tenants = [newTenant(), newTenant()];
      const batches = tenants.map((tenant, firstSeq) =>
        buildLoggedBatch({ tenant, producer, firstSeq, records: [{ message: tenant }] }),
      );
      await harness.store(batches);
      for (const [seq, tenant] of tenants.entries())
        expect(await find(recordQuery(tenant, words("tenant")))).toEqual([seq]);
      for (const tenant of ["*", "tenant-*", "", tenants.join(",")])
        expect(await find(recordQuery(tenant))).toEqual([]);
    });

    it("gives back the record as it was sent", async () => {
      const tenant = newTenant();
      const records = [{}, ...["no time of its own", ...HOSTILE_TEXTS].map((message) => ({ message }))];
      const batch = buildLoggedBatch({ tenant, producer: newProducer(), records });
      await harness.store([batch]);
      const found = await harness.search.search(recordQuery(tenant), searchPage(), signal);
      expect(found.records.map(({ seq }) => seq)).toEqual(records.map((_, index) => records.length - 1 - index));
      for (const { producer, seq, record, receivedNanos } of found.records) {
        expect(equals(LogRecordSchema, record, batch.records[seq]!.record)).toBe(true);
        expect({ producer, receivedNanos }).toEqual({ producer: batch.producer, receivedNanos: batch.receivedNanos });
      }
    });

    it("gives no more than it was asked for", async () => {
      const ask = await given(Array.from({ length: 12 }, () => ({ message: "again" })));
      expect(await ask(words("again"), {}, { size: 1 })).toEqual([0]);
      expect(await ask(words("again"), {}, { size: 11 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(await ask(words("again"), {}, { size: 2, order: "oldest_first" })).toEqual([11, 10]);
      expect(await ask(undefined, {}, { size: 0 })).toEqual([]);
      expect(await ask(undefined, {}, { size: -1 })).toEqual([]);
      expect(await ask()).toHaveLength(12);
    });

    pagingContract(() => harness);
    filterContract(() => harness);
  });
}

const BASE_NANOS = 1_795_000_000_123_456_789n;
const LAST_NANOS = 9_223_372_036_854_775_807n;
