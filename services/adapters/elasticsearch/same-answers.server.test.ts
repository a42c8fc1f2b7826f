import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import type { Condition } from "../../domain/condition.ts";
import { conditionsOn } from "../../domain/conditions.arbitrary.ts";
import { crowdedRecords } from "../../domain/crowded-records.arbitrary.ts";
import { identityText } from "../../domain/identity.ts";
import { type StoredRecord, sortKeyOf } from "../../domain/stored-record.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../../ports/build-logged-batch.ts";
import { newTenant } from "../../ports/contract-batches.ts";
import { recordQuery, searchPage, storedRecords } from "../../ports/log-search.fixture.ts";
import type { LogSearch, SearchPage } from "../../ports/log-search.ts";
import type { RecordQuery } from "../../ports/record-query.ts";
import { MemoryLogSearch } from "../memory/log-search.ts";
import { anyRecord } from "./any-record.arbitrary.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";

const servers = realServers();

/** Of generated records; few times, so that a range cuts off some of them. */
const BASE_NANOS = 1_795_000_000_000_000_000n;
const nearNanos = fc.option(
  fc.integer({ min: -3, max: 4 }).map((offset) => BASE_NANOS + BigInt(offset)),
  { nil: undefined },
);
const question = fc.record({
  times: fc.record({ startNanos: nearNanos, endNanos: nearNanos }),
  page: fc.record({
    size: fc.integer({ min: 1, max: 40 }),
    order: fc.constantFrom("newest_first" as const, "oldest_first" as const),
  }),
});

describe.runIf(servers)("Elasticsearch and memory", () => {
  const signal = AbortSignal.timeout(600_000);
  let store: StoreForTests;

  beforeAll(async () => {
    store = new StoreForTests(servers!.elasticsearchUrl);
    await store.sink.prepare();
  });
  afterAll(() => store?.close());

  it("give the same answers to any query over any records, page by page", { timeout: 240_000 }, async () => {
    const records = fc.array(crowdedRecords(), { minLength: 1, maxLength: 150 });
    await fc.assert(
      fc.asyncProperty(records, async (some) => {
        const { tenant, stored, memory } = await storeInBoth(some);
        const asked = fc.tuple(conditionsOn(stored), question);
        await fc.assert(
          fc.asyncProperty(asked, async ([condition, { times, page }]) => {
            const query = recordQuery(tenant, condition, times);
            expect(await pages(store.search, query, page), inWords(condition)).toEqual(
              await pages(memory, query, page),
            );
          }),
          { numRuns: 20 },
        );
      }),
      { numRuns: 6 },
    );
  });

  it("give back the same records, whatever is in them", { timeout: 120_000 }, async () => {
    const records = fc.array(anyRecord, { minLength: 100, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(records, async (some) => {
        const { tenant, memory } = await storeInBoth(some);
        const found = await store.search.search(recordQuery(tenant), searchPage(), signal);
        expect(found).toEqual(await memory.search(recordQuery(tenant), searchPage()));
        expect(found.records).toHaveLength(some.length);
      }),
      { numRuns: 6 },
    );
  });

  /** Two producers, so that times are equal within one and across both. */
  async function storeInBoth(records: RecordToBuild[]) {
    const tenant = newTenant();
    const half = Math.floor(records.length / 2);
    const batches = [records.slice(0, half), records.slice(half)].map((some) =>
      buildLoggedBatch({ tenant, producer: newProducer(), records: some }),
    );
    await store.store(batches);
    const stored = batches.flatMap(storedRecords);
    return { tenant, stored, memory: new MemoryLogSearch((of) => (of === tenant ? stored : [])) };
  }

  async function pages(search: LogSearch, query: RecordQuery, of: Pick<SearchPage, "size" | "order">) {
    const found: string[][] = [];
    let last: StoredRecord | undefined;
    do {
      const page = searchPage({ ...of, after: last && sortKeyOf(last) });
      const { records, isPartial } = await search.search(query, page, signal);
      expect(isPartial).toBe(false);
      found.push(records.map(({ producer, seq }) => identityText(producer, seq)));
      last = records.length === of.size ? records.at(-1) : undefined;
    } while (last && found.length < 1_000);
    return found;
  }
});

/** For messages of failures. */
function inWords(condition: Condition): string {
  return JSON.stringify(condition, (_key, value) => (typeof value === "bigint" ? `${value}n` : value)).slice(0, 2_000);
}
