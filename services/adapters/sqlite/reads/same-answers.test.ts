import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LogRecord } from "../../../../gen/logpulse/v1/log_record_pb.ts";
import type { Condition } from "../../../domain/condition.ts";
import { conditionsOn } from "../../../domain/conditions.arbitrary.ts";
import { crowdedRecords } from "../../../domain/crowded-records.arbitrary.ts";
import { identityText } from "../../../domain/identity.ts";
import { SEARCH_ANSWER_BYTES_MAX } from "../../../domain/limits.ts";
import { type SortKey, type StoredRecord, sortKeyOf } from "../../../domain/stored-record.ts";
import { buildLoggedBatch, newProducer } from "../../../ports/build-logged-batch.ts";
import { newTenant, noDeadLetters } from "../../../ports/contract-batches.ts";
import { recordQuery, storedRecords } from "../../../ports/log-search.fixture.ts";
import type { RecordOrder } from "../../../ports/log-search.ts";
import type { RecordQuery } from "../../../ports/record-query.ts";
import { MemoryLogSearch } from "../../memory/log-search.ts";
import { SqliteLogSink } from "../store/log-sink.ts";
import { makeTestFile, realClock, type TestFile } from "../store/store-rows.fixture.ts";
import { createRecordDay } from "../store/store-schema.ts";
import { StoreTables } from "../store/store-tables.ts";
import { WORD_PLAN, type WordPlan } from "./day-search.ts";
import { storedRecordOf } from "./encoded-record.ts";
import { searchPage } from "./log-search.ts";
import { monotonicMs, ReadBound } from "./read-bound.ts";
import { ReadConnection } from "./read-connection.ts";

/** The records of `crowdedRecords` are of this nanosecond and its neighbours. */
const BASE_NANOS = 1_795_000_000_000_000_000n;
const DAY_MS = 86_400_000;

/** Every way to find records is gone, also by these few. */
const plan: fc.Arbitrary<WordPlan> = fc.oneof(
  fc.constant(WORD_PLAN),
  fc.record({
    fewMatchesMax: fc.constantFrom(0, 3),
    stretches: fc.constantFrom([], [1], [2, 7, 20], [1_000]),
    stretchesRead: fc.constantFrom([], [1], [3, 30]),
    spreadMax: fc.constantFrom(0, 1, 1_000),
  }),
);

interface Asked {
  condition: Condition;
  times: Partial<RecordQuery>;
  order: RecordOrder;
  size: number;
  plan: WordPlan;
}

function questionsOn(records: readonly StoredRecord[]): fc.Arbitrary<Asked> {
  const time = fc.option(
    fc.integer({ min: -3, max: 4 }).map((offset) => BASE_NANOS + BigInt(offset)),
    { nil: undefined, freq: 1 },
  );
  return fc.record({
    condition: conditionsOn(records),
    times: fc.record({ startNanos: time, endNanos: time }),
    order: fc.constantFrom("newest_first", "oldest_first"),
    size: fc.integer({ min: 1, max: 40 }),
    plan,
  });
}

describe("SQLite and memory", () => {
  const signal = AbortSignal.timeout(600_000);
  let file: TestFile;
  let connection: ReadConnection;

  beforeAll(() => {
    file = makeTestFile();
    new StoreTables(file.database).create();
    connection = new ReadConnection(file.path);
  });
  afterAll(() => {
    connection?.close();
    file?.remove();
  });

  it.each([true, false])(
    "give the same answers to any question over any records, page by page, marks in their labels: %s",
    { timeout: 120_000 },
    async (hasMarks) => {
      const records = fc.array(crowdedRecords(), { minLength: 1, maxLength: 120 });
      const property = fc.asyncProperty(records, fc.nat(), async (some, seed) => {
        const { tenant, memory, stored } = await storeInBoth(some, hasMarks);
        for (const asked of fc.sample(questionsOn(stored), { seed, numRuns: 20 })) {
          const query = recordQuery(tenant, asked.condition, asked.times);
          const here = await pages(asked, async (after) => searchHere(query, asked, after));
          const there = await pages(asked, async (after) => {
            const { order, size } = asked;
            return (await memory.search(query, { order, size, after, msMax: 60_000 })).records;
          });
          expect(
            here,
            JSON.stringify(asked, (_, value) => (typeof value === "bigint" ? `${value}n` : value)),
          ).toEqual(there);
        }
      });
      await fc.assert(property, { numRuns: 100 });
    },
  );

  /** Three producers of two days, so that times are equal within one, across two, and across days. */
  async function storeInBoth(records: LogRecord[], hasMarks: boolean) {
    const tenant = newTenant();
    const third = Math.ceil(records.length / 3);
    const firstDay = hasMarks ? 0 : 2;
    const batches = [0, 1, 2].map((part) =>
      buildLoggedBatch({
        tenant,
        producer: newProducer(Date.now() - (firstDay + (part === 0 ? 1 : 0)) * DAY_MS),
        records: records.slice(part * third, (part + 1) * third),
      }),
    );
    if (!hasMarks) makeDaysWithoutMarks(batches.map(({ producerDay }) => producerDay));
    await new SqliteLogSink(new StoreTables(file.database), realClock).store(batches, noDeadLetters, signal);
    const stored = batches.flatMap(storedRecords);
    return { tenant, stored, memory: new MemoryLogSearch((of) => (of === tenant ? stored : [])) };
  }

  /** As they are in a file of version 1; where they are there already, they have none. */
  function makeDaysWithoutMarks(days: readonly number[]): void {
    const { database } = file;
    for (const day of new Set(days)) {
      if (database.prepare("SELECT day FROM record_days WHERE day = ?").get(day)) continue;
      createRecordDay(database, day);
      database.prepare("UPDATE record_days SET has_marks = 0 WHERE day = ?").run(day);
    }
  }

  /** As `SqliteReads.search` does it; every second page in parts of a few records. */
  function searchHere(query: RecordQuery, asked: Asked, after: SortKey | undefined): StoredRecord[] {
    const { order, size } = asked;
    const bounds = { bytesMax: size % 2 === 0 ? 100 : SEARCH_ANSWER_BYTES_MAX, plan: asked.plan };
    const found: StoredRecord[] = [];
    for (let place = after; ; place = sortKeyOf(found.at(-1)!)) {
      const time = { msMax: 60_000, endMs: monotonicMs() + 60_000, isCostly: false };
      const page = { order, size: size - found.length, after: place };
      const part = connection.read(new ReadBound(time, () => false), (reader) =>
        searchPage(reader, query, page, bounds),
      );
      expect(part.isPartial).toBe(false);
      found.push(...part.records.map(storedRecordOf));
      if (!part.isCut) return found;
    }
  }
});

async function pages(
  { size }: Asked,
  page: (after: SortKey | undefined) => Promise<StoredRecord[]>,
): Promise<string[][]> {
  const found: string[][] = [];
  let last: StoredRecord | undefined;
  do {
    const records = await page(last && sortKeyOf(last));
    found.push(records.map(({ producer, seq }) => identityText(producer, seq)));
    last = records.length === size ? records.at(-1) : undefined;
  } while (last && found.length < 1_000);
  return found;
}
