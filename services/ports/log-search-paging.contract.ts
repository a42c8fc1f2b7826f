import { beforeAll, describe, expect, it } from "vitest";
import { words } from "../domain/conditions.fixture.ts";
import { identityText } from "../domain/identity.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { compareNewestFirst, type SortKey, sortKeyOf } from "../domain/stored-record.ts";
import { buildLoggedBatch, newProducer } from "./build-logged-batch.ts";
import { newTenant } from "./contract-batches.ts";
import { type LogSearchHarness, recordQuery, searchPage } from "./log-search.fixture.ts";
import type { RecordOrder } from "./log-search.ts";
import type { RecordQuery } from "./record-query.ts";

/** The part of the LogSearch contract that is about pages. `harness`: there when the tests run. */
export function pagingContract(harness: () => LogSearchHarness): void {
  describe("pages", () => {
    const signal = AbortSignal.timeout(600_000);
    const tenant = newTenant();
    let newestFirst: string[];

    beforeAll(async () => {
      const batches = crowdedBatches(tenant);
      await harness().store(batches);
      newestFirst = batches.flatMap(keysOf).sort(compareNewestFirst).map(keyText);
    });

    const inOrder = (order: RecordOrder) => (order === "newest_first" ? newestFirst : newestFirst.toReversed());

    async function page(query: RecordQuery, order: RecordOrder, size: number, after?: SortKey): Promise<SortKey[]> {
      const found = await harness().search.search(query, searchPage({ order, size, after }), signal);
      expect(found.isPartial).toBe(false);
      return found.records.map(sortKeyOf);
    }

    /** Asks for pages until one is short. */
    async function allPages(order: RecordOrder, size: number, query = recordQuery(tenant)): Promise<string[]> {
      const found: SortKey[] = [];
      for (let asked = 0; asked <= newestFirst.length / size + 1; asked++) {
        const next = await page(query, order, size, found.at(-1));
        found.push(...next);
        if (next.length < size) return found.map(keyText);
      }
      throw new Error(`${found.length} records on pages of ${size}, and no end: there are ${newestFirst.length}`);
    }

    it.each([
      ["newest_first", 1_000],
      ["newest_first", 333],
      ["newest_first", 7],
      ["oldest_first", 1_000],
      ["oldest_first", 100],
      ["oldest_first", 7],
    ] as const)("%s lose and repeat no record of equal or neighbouring times, %i a page", async (order, size) => {
      expect(await allPages(order, size)).toEqual(inOrder(order));
    });

    it("turn round at any place: what comes before it is what was seen", async () => {
      for (const place of [0, 1, 250, 499, 500, 800, newestFirst.length - 1]) {
        const start = keyOfText(newestFirst[place]!);
        const older = await page(recordQuery(tenant), "newest_first", 20, start);
        const newer = await page(recordQuery(tenant), "oldest_first", 20, start);
        expect(older.map(keyText)).toEqual(newestFirst.slice(place + 1, place + 21));
        expect(newer.map(keyText)).toEqual(newestFirst.slice(Math.max(0, place - 20), place).toReversed());
      }
    });

    it("begin behind any place, whether a record stands there or not", async () => {
      const firstBehind = async (order: RecordOrder, key: SortKey) =>
        (await page(recordQuery(tenant), order, 1, key)).map(keyText);
      const ofBase = newestFirst.filter((text) => text.startsWith(`${BASE_NANOS} `));
      const [newest, oldest] = [newestFirst.slice(0, 1), newestFirst.slice(-1)];
      expect(await firstBehind("newest_first", keyOf(10n ** 30n, "", 0))).toEqual(newest);
      expect(await firstBehind("newest_first", keyOf(LAST_NANOS, "f".repeat(32), 0))).toEqual(newest);
      expect(await firstBehind("newest_first", keyOf(BASE_NANOS, "f".repeat(32), MOST))).toEqual(ofBase.slice(0, 1));
      expect(await firstBehind("newest_first", keyOf(0n, "", 0))).toEqual([]);
      expect(await firstBehind("newest_first", keyOf(-1n, "", 0))).toEqual([]);
      expect(await firstBehind("oldest_first", keyOf(10n ** 30n, "", 0))).toEqual([]);
      expect(await firstBehind("oldest_first", keyOf(LAST_NANOS, "f".repeat(32), 0))).toEqual([]);
      expect(await firstBehind("oldest_first", keyOf(BASE_NANOS, "", 0))).toEqual(ofBase.slice(-1));
      expect(await firstBehind("oldest_first", keyOf(0n, "", 0))).toEqual(oldest);
      expect(await firstBehind("oldest_first", keyOf(-1n, "", 0))).toEqual(oldest);
    });

    it.each(["newest_first", "oldest_first"] as const)("%s hold under conditions", async (order) => {
      const even = (text: string) => text.startsWith(`${BASE_NANOS} `) && Number(text.split("-").at(-1)) % 2 === 0;
      const query = recordQuery(tenant, words("even"), { startNanos: BASE_NANOS, endNanos: BASE_NANOS + 1n });
      expect(await allPages(order, 50, query)).toEqual(inOrder(order).filter(even));
    });
  });
}

const BASE_NANOS = 1_795_000_000_123_456_789n;
const LAST_NANOS = 9_223_372_036_854_775_807n;
const MOST = Number.MAX_SAFE_INTEGER;

/** Three producers; 500 records in one nanosecond, 100 in each of the neighbours, the rest 1 ns apart. */
function crowdedBatches(tenant: string): LoggedBatch[] {
  const producers = [newProducer(), newProducer(), newProducer(Date.now() - 86_400_000)];
  return producers.map((producer, place) => {
    const offsets = Array.from({ length: 400 }, (_, index) => crowdedOffset(index, place));
    const records = offsets.map((offset, index) => ({
      message: index % 2 === 0 ? "even" : "odd",
      time: nanosToTimestamp(BASE_NANOS + offset),
    }));
    return buildLoggedBatch({ tenant, producer, firstSeq: place * 1_000_000_000_000_000, records });
  });
}

function crowdedOffset(index: number, place: number): bigint {
  if (index < 167) return 0n;
  if (index < 200) return 1n;
  if (index < 233) return -1n;
  return BigInt(index * 3 + place - 1_000);
}

function keyOf(timeNanos: bigint, producer: string, seq: number): SortKey {
  return { timeNanos, producer, seq };
}

function keysOf({ producer, records }: LoggedBatch): SortKey[] {
  return records.map(({ timeNanos, seq }) => keyOf(timeNanos, producer, seq));
}

function keyText({ timeNanos, producer, seq }: SortKey): string {
  return `${timeNanos} ${identityText(producer, seq)}`;
}

function keyOfText(text: string): SortKey {
  const [time = "", producer = "", seq = ""] = text.split(/[ -]/);
  return keyOf(BigInt(time), producer, Number(seq));
}
