import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Severity } from "../../../../gen/logpulse/v1/log_record_pb.ts";
import { identityText } from "../../../domain/identity.ts";
import { SEARCH_ANSWER_BYTES_MAX } from "../../../domain/limits.ts";
import type { LoggedBatch } from "../../../domain/logged-batch.ts";
import { nanosToTimestamp } from "../../../domain/record-time.ts";
import { severityRangeOfWord } from "../../../domain/severity.ts";
import { type SortKey, type StoredRecord, sortKeyOf } from "../../../domain/stored-record.ts";
import { wordsOf } from "../../../domain/words.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../../../ports/build-logged-batch.ts";
import { HOSTILE_TEXTS } from "../../../ports/hostile-texts.ts";
import { logQuery } from "../../../ports/log-search.fixture.ts";
import type { LogQuery } from "../../../ports/log-search.ts";
import { MemoryLogSearch } from "../../memory/log-search.ts";
import { storedRecordOf } from "./encoded-record.ts";
import { searchPage } from "./log-search.ts";
import { monotonicMs, ReadBound } from "./read-bound.ts";
import { ReadConnection } from "./read-connection.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";
import { WORD_PLAN, type WordPlan } from "./word-search.ts";

// Few words and few times, so that generated conditions meet generated records.
const WORDS = ["error", "Timeout", "of", "disk", "cafe\u0301", "\u0130ZM\u0130R", "stra\u00dfe", "検索", "x_1", "42"];
const MARKS = [" ", "-", "", "\n", "\0", "*", '"'];
const BASE_NANOS = 1_795_000_000_000_000_000n;
const DAY_MS = 86_400_000;
/** None of a usual word. */
const ODD_RANGES = [
  { min: 0, max: 9 },
  { min: 18, max: 99 },
  { min: 10, max: 9 },
];

const text = fc.oneof(
  { weight: 9, arbitrary: fc.array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(...MARKS)), { maxLength: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
);
const message = text.map((parts) => (typeof parts === "string" ? parts : parts.flat().join("")));
const nearNanos = fc.integer({ min: -3, max: 3 }).map((offset) => BASE_NANOS + BigInt(offset));
const service = fc.constantFrom("", "auth", "Auth", "disk error", "-", ...HOSTILE_TEXTS.slice(0, 3));
const severityText = fc.constantFrom("", "ERROR", "error", "Err", "warn", "odd", "odd one", "!", "fatal error");

const record: fc.Arbitrary<RecordToBuild> = fc.record({
  time: nearNanos.map(nanosToTimestamp),
  message,
  service,
  severityText,
  severity: fc.constantFrom(0, 0, 0, 1, 9, 13, 17, 20, 21, 24, -5, 99).map((number) => number as Severity),
});

const level = fc.oneof(
  { weight: 3, arbitrary: severityText.map((some) => ({ text: some, range: severityRangeOfWord(some) })) },
  { weight: 1, arbitrary: fc.record({ text: severityText, range: fc.constantFrom(...ODD_RANGES) }) },
);
const words = message.map(wordsOf);

/** One condition, which then finds something, or many. */
const query: fc.Arbitrary<Partial<LogQuery>> = fc.oneof(
  fc.record({ words }),
  fc.record({ phrase: words }),
  fc.record({ anywhere: words }),
  fc.record({ level }),
  fc.record({ service }),
  fc.record(
    { words, phrase: words, anywhere: words, level, service, startNanos: nearNanos, endNanos: nearNanos },
    { requiredKeys: [] },
  ),
);

/** Every way to find words is gone, also by these few records. */
const plan: fc.Arbitrary<WordPlan> = fc.oneof(
  fc.constant(WORD_PLAN),
  fc.record({
    fewMatchesMax: fc.constantFrom(0, 3),
    stretches: fc.constantFrom([], [1], [2, 7, 20], [1_000]),
    spreadMax: fc.constantFrom(0, 1, 1_000),
  }),
);

describe("SQLite and memory", () => {
  let store: StoreToRead;
  let connection: ReadConnection;

  beforeAll(async () => {
    store = await makeStoreToRead();
    connection = new ReadConnection(store.file.path);
  });
  afterAll(async () => {
    connection?.close();
    await store?.close();
  });

  it("give the same answers to any query over any records, page by page", { timeout: 60_000 }, async () => {
    const records = fc.array(record, { minLength: 1, maxLength: 120 });
    const queries = fc.array(fc.tuple(query, fc.integer({ min: 1, max: 40 }), plan), { minLength: 20, maxLength: 20 });
    await fc.assert(fc.asyncProperty(records, queries, expectSameAnswers), { numRuns: 400 });
  });

  async function expectSameAnswers(
    records: RecordToBuild[],
    queries: [Partial<LogQuery>, number, WordPlan][],
  ): Promise<void> {
    const { tenant, memory } = await storeInBoth(records);
    for (const [conditions, size, planned] of queries) {
      const asked = logQuery(tenant, conditions);
      const here = await pages(size, async (after) => searchHere(asked, size, after, planned));
      expect(here).toEqual(await pages(size, (after) => memory.search(asked, size, after)));
    }
  }

  /** Three producers of two days, so that times are equal within one, across two, and across days. */
  async function storeInBoth(records: RecordToBuild[]): Promise<{ tenant: string; memory: MemoryLogSearch }> {
    const tenant = `tenant-${randomUUID()}`;
    const third = Math.ceil(records.length / 3);
    const batches = [0, 1, 2].map((part) =>
      buildLoggedBatch({
        tenant,
        producer: newProducer(Date.now() - (part === 0 ? DAY_MS : 0)),
        records: records.slice(part * third, (part + 1) * third),
      }),
    );
    await store.store(batches);
    const stored = batches.flatMap(storedRecords);
    return { tenant, memory: new MemoryLogSearch((of) => (of === tenant ? stored : [])) };
  }

  /** As `SqliteReads.search` does it; every second page in parts of a few records. */
  function searchHere(query: LogQuery, size: number, after: SortKey | undefined, planned: WordPlan): StoredRecord[] {
    const bounds = { bytesMax: size % 2 === 0 ? 100 : SEARCH_ANSWER_BYTES_MAX, plan: planned };
    const found: StoredRecord[] = [];
    for (let place = after; ; place = sortKeyOf(found.at(-1)!)) {
      const bound = new ReadBound({ msMax: 60_000, endMs: monotonicMs() + 60_000 }, () => false);
      const part = connection.read(bound, (reader) => searchPage(reader, query, size - found.length, place, bounds));
      found.push(...part.records.map(storedRecordOf));
      if (!part.isCut) return found;
    }
  }
});

async function pages(size: number, page: (after: SortKey | undefined) => Promise<StoredRecord[]>): Promise<string[][]> {
  const found: string[][] = [];
  let last: StoredRecord | undefined;
  do {
    const records = await page(last && sortKeyOf(last));
    found.push(records.map(({ producer, seq }) => identityText(producer, seq)));
    last = records.length === size ? records.at(-1) : undefined;
  } while (last && found.length < 1_000);
  return found;
}

function storedRecords({ producer, receivedNanos, records }: LoggedBatch): StoredRecord[] {
  return records.map(({ seq, record: sent }) => ({ producer, seq, record: sent, receivedNanos }));
}
