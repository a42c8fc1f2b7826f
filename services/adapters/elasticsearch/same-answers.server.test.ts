import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { identityText } from "../../domain/identity.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { nanosToTimestamp } from "../../domain/record-time.ts";
import { severityRangeOfWord } from "../../domain/severity.ts";
import { type StoredRecord, sortKeyOf } from "../../domain/stored-record.ts";
import { wordsOf } from "../../domain/words.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../../ports/build-logged-batch.ts";
import { logQuery } from "../../ports/log-search.fixture.ts";
import type { LogQuery, LogSearch } from "../../ports/log-search.ts";
import { MemoryLogSearch } from "../memory/log-search.ts";
import { anyRecord } from "./any-record.arbitrary.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";

const servers = realServers();

// Few words and few times, so that generated conditions meet generated records.
const WORDS = [
  "error",
  "Timeout",
  "of",
  "disk",
  "caf\u00e9",
  "cafe\u0301",
  "\u0130ZM\u0130R",
  "stra\u00dfe",
  "検索",
  "x_1",
  "42",
  "😀",
];
const BASE_NANOS = 1_795_000_000_000_000_000n;
const text = fc
  .array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(" ", "-", "", "\n", "\0", "*", '"')), { maxLength: 5 })
  .map((parts) => parts.flat().join(""));
const nearNanos = fc.integer({ min: -3, max: 3 }).map((offset) => BASE_NANOS + BigInt(offset));
const service = fc.constantFrom("", "auth", "Auth", "disk error");
const severityText = fc.constantFrom("", "ERROR", "error", "warn", "odd");

const record: fc.Arbitrary<RecordToBuild> = fc.record({
  time: nearNanos.map(nanosToTimestamp),
  message: text,
  service,
  severityText,
  severity: fc.constantFrom(0, 0, 9, 13, 17, 20, 21),
});

const query: fc.Arbitrary<Partial<LogQuery>> = fc.record(
  {
    words: text.map(wordsOf),
    phrase: text.map(wordsOf),
    anywhere: text.map(wordsOf),
    level: severityText.map((level) => ({ text: level, range: severityRangeOfWord(level) })),
    service,
    startNanos: nearNanos,
    endNanos: nearNanos,
  },
  { requiredKeys: [] },
);

describe.runIf(servers)("Elasticsearch and memory", () => {
  const signal = AbortSignal.timeout(600_000);
  let store: StoreForTests;

  beforeAll(async () => {
    store = new StoreForTests(servers!.elasticsearchUrl);
    await store.sink.prepare();
  });
  afterAll(() => store?.close());

  it("give the same answers to any query over any records, page by page", { timeout: 120_000 }, async () => {
    const records = fc.array(record, { minLength: 1, maxLength: 150 });
    const queries = fc.array(fc.tuple(query, fc.integer({ min: 1, max: 40 })), { minLength: 20, maxLength: 20 });
    await fc.assert(fc.asyncProperty(records, queries, expectSameAnswers), { numRuns: 6 });
  });

  it("give back the same records, whatever is in them", { timeout: 120_000 }, async () => {
    const records = fc.array(anyRecord, { minLength: 100, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(records, async (some) => {
        const { tenant, memory } = await storeInBoth(some);
        const found = await store.search.search(logQuery(tenant), 1_000, undefined, signal);
        expect(found).toEqual(await memory.search(logQuery(tenant), 1_000, undefined));
        expect(found).toHaveLength(some.length);
      }),
      { numRuns: 6 },
    );
  });

  async function expectSameAnswers(records: RecordToBuild[], queries: [Partial<LogQuery>, number][]): Promise<void> {
    const { tenant, memory } = await storeInBoth(records);
    for (const [conditions, size] of queries) {
      const [here, there] = [
        await pages(store.search, tenant, conditions, size),
        await pages(memory, tenant, conditions, size),
      ];
      expect(here).toEqual(there);
    }
  }

  /** Two producers, so that times are equal within one and across both. */
  async function storeInBoth(records: RecordToBuild[]): Promise<{ tenant: string; memory: MemoryLogSearch }> {
    const tenant = `tenant-${randomUUID()}`;
    const half = Math.floor(records.length / 2);
    const batches = [records.slice(0, half), records.slice(half)].map((some) =>
      buildLoggedBatch({ tenant, producer: newProducer(), records: some }),
    );
    await store.store(batches);
    const stored = batches.flatMap(storedRecords);
    return { tenant, memory: new MemoryLogSearch((of) => (of === tenant ? stored : [])) };
  }

  async function pages(search: LogSearch, tenant: string, conditions: Partial<LogQuery>, size: number) {
    const found: string[][] = [];
    let last: StoredRecord | undefined;
    do {
      const page = await search.search(logQuery(tenant, conditions), size, last && sortKeyOf(last), signal);
      found.push(page.map(({ producer, seq }) => identityText(producer, seq)));
      last = page.length === size ? page.at(-1) : undefined;
    } while (last && found.length < 1_000);
    return found;
  }
});

function storedRecords({ producer, receivedNanos, records }: LoggedBatch): StoredRecord[] {
  return records.map(({ seq, record: sent }) => ({ producer, seq, record: sent, receivedNanos }));
}
