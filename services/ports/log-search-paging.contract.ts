import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { identityText } from "../domain/identity.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { compareNewestFirst, type SortKey, sortKeyOf } from "../domain/stored-record.ts";
import { buildLoggedBatch, newProducer } from "./build-logged-batch.ts";
import { type LogSearchHarness, logQuery } from "./log-search.fixture.ts";
import type { LogQuery } from "./log-search.ts";

/** The part of the LogSearch contract that is about pages. `harness`: there when the tests run. */
export function pagingContract(harness: () => LogSearchHarness): void {
  describe("pages", () => {
    const signal = AbortSignal.timeout(600_000);
    const tenant = `tenant-${randomUUID()}`;
    let expected: string[];

    beforeAll(async () => {
      const batches = crowdedBatches(tenant);
      await harness().store(batches);
      expected = batches.flatMap(keysOf).sort(compareNewestFirst).map(keyText);
    });

    /** Asks for pages until one is short. */
    async function allPages(size: number, conditions: Partial<LogQuery> = {}): Promise<string[]> {
      const found: SortKey[] = [];
      for (let page = 0; page <= expected.length / size + 1; page++) {
        const next = await harness().search.search(logQuery(tenant, conditions), size, found.at(-1), signal);
        found.push(...next.map(sortKeyOf));
        if (next.length < size) return found.map(keyText);
      }
      throw new Error(`${found.length} records on pages of ${size}, and no end: there are ${expected.length}`);
    }

    it.each([1_000, 333, 100, 7])(
      "lose and repeat no record of equal or neighbouring times, %i a page",
      async (size) => {
        expect(await allPages(size)).toEqual(expected);
      },
    );

    it("begin behind any place, whether a record stands there or not", async () => {
      const firstBehind = async (key: SortKey) =>
        (await harness().search.search(logQuery(tenant), 1, key, signal)).map((stored) => keyText(sortKeyOf(stored)));
      expect(await firstBehind(keyOf(10n ** 30n, "", 0))).toEqual(expected.slice(0, 1));
      expect(await firstBehind(keyOf(LAST_NANOS, "f".repeat(32), 0))).toEqual(expected.slice(0, 1));
      expect(await firstBehind(keyOf(BASE_NANOS, "f".repeat(32), Number.MAX_SAFE_INTEGER))).toEqual(
        expected.filter((text) => text.startsWith(`${BASE_NANOS} `)).slice(0, 1),
      );
      expect(await firstBehind(keyOf(0n, "", 0))).toEqual([]);
      expect(await firstBehind(keyOf(-1n, "", 0))).toEqual([]);
    });

    it("hold under conditions", async () => {
      const even = (text: string) => text.startsWith(`${BASE_NANOS} `) && Number(text.split("-").at(-1)) % 2 === 0;
      const conditions = { words: ["even"], startNanos: BASE_NANOS, endNanos: BASE_NANOS + 1n };
      expect(await allPages(50, conditions)).toEqual(expected.filter(even));
    });
  });
}

const BASE_NANOS = 1_795_000_000_123_456_789n;
const LAST_NANOS = 9_223_372_036_854_775_807n;

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
