import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Condition } from "../domain/condition.ts";
import { CONDITION_CASES } from "../domain/condition-cases.fixture.ts";
import { conditionMatcher } from "../domain/condition-matcher.ts";
import { conditionsOn } from "../domain/conditions.arbitrary.ts";
import { not } from "../domain/conditions.fixture.ts";
import { crowdedRecords } from "../domain/crowded-records.arbitrary.ts";
import { identityText } from "../domain/identity.ts";
import { MatchedRecord } from "../domain/matched-record.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { compareNewestFirst, type StoredRecord, sortKeyOf } from "../domain/stored-record.ts";
import { buildLoggedBatch, newProducer } from "./build-logged-batch.ts";
import { newTenant } from "./contract-batches.ts";
import { type LogSearchHarness, recordQuery, searchPage, storedRecords } from "./log-search.fixture.ts";

/** The part of the LogSearch contract that is about conditions. `harness`: there when the tests run. */
export function filterContract(harness: () => LogSearchHarness): void {
  describe("conditions", () => {
    const signal = AbortSignal.timeout(600_000);

    async function find(tenant: string, condition: Condition): Promise<StoredRecord[]> {
      const found = await harness().search.search(recordQuery(tenant, condition), searchPage(), signal);
      expect(found.isPartial).toBe(false);
      return found.records;
    }

    it.each(CONDITION_CASES)("find $title", async ({ records, asked }) => {
      const tenant = newTenant();
      // Each record is a nanosecond older than the one before: found in the order given.
      const timed = records.map((record, index) => ({ ...record, time: nanosToTimestamp(BASE_NANOS - BigInt(index)) }));
      await harness().store([buildLoggedBatch({ tenant, producer: newProducer(), records: timed })]);
      for (const [condition, expected] of asked) {
        const found = await find(tenant, condition);
        expect(
          found.map(({ seq }) => seq),
          inWords(condition),
        ).toEqual(expected);
      }
    });

    it("find a record by its identity, and all others by not having it", async () => {
      const tenant = newTenant();
      const producers = [newProducer(), newProducer(Date.now() - 86_400_000)];
      const records = [{ message: "one" }, { message: "two" }];
      await harness().store(producers.map((producer) => buildLoggedBatch({ tenant, producer, records })));
      const [first = "", second = ""] = producers;
      const has = (producer: string, seq: number): Condition => ({ kind: "identity", producer, seq });
      const idsOf = async (condition: Condition) => (await find(tenant, condition)).map(idText).sort();
      const rest = [identityText(first, 0), identityText(second, 0), identityText(second, 1)].sort();
      expect(await idsOf(has(first, 1))).toEqual([identityText(first, 1)]);
      expect(await idsOf(not(has(first, 1)))).toEqual(rest);
      expect(await idsOf(has(first, 2))).toEqual([]);
      expect(await idsOf(has(first, Number.MAX_SAFE_INTEGER))).toEqual([]);
      expect(await idsOf(has(newProducer(), 1))).toEqual([]);
      expect(await idsOf({ kind: "any", of: [has(first, 1), ...rest.map(idOfText)] })).toHaveLength(4);
    });

    describe("over generated records", () => {
      const tenant = newTenant();
      const seed = Math.trunc(Math.random() * 2 ** 31);
      let stored: StoredRecord[];

      beforeAll(async () => {
        const records = fc.sample(crowdedRecords(), { seed, numRuns: GENERATED_RECORDS });
        const third = Math.ceil(records.length / 3);
        // Three producers of two days: times are equal within one, across two, and across days.
        const batches = [0, 1, 2].map((part) =>
          buildLoggedBatch({
            tenant,
            producer: newProducer(Date.now() - (part === 0 ? 86_400_000 : 0)),
            records: records.slice(part * third, (part + 1) * third),
          }),
        );
        await harness().store(batches);
        stored = batches.flatMap(storedRecords).sort((a, b) => compareNewestFirst(sortKeyOf(a), sortKeyOf(b)));
      });

      it("find what the matcher finds", { timeout: 300_000 }, async () => {
        const matched = stored.map((record) => ({
          id: idText(record),
          of: new MatchedRecord(record.producer, record),
        }));
        const property = fc.asyncProperty(conditionsOn(stored), async (condition) => {
          const matches = conditionMatcher(condition);
          const expected = matched.filter(({ of }) => matches(of)).map(({ id }) => id);
          const found = await find(tenant, condition);
          expect(found.map(idText), `${inWords(condition)} over the records of seed ${seed}`).toEqual(expected);
        });
        await fc.assert(property, { numRuns: GENERATED_CONDITIONS });
      });
    });
  });
}

const BASE_NANOS = 1_795_000_000_123_456_789n;
const GENERATED_RECORDS = 300;
const GENERATED_CONDITIONS = 600;

function idText({ producer, seq }: StoredRecord): string {
  return identityText(producer, seq);
}

function idOfText(text: string): Condition {
  const [producer = "", seq] = text.split("-");
  return { kind: "identity", producer, seq: Number(seq) };
}

/** For messages of failures. */
function inWords(condition: Condition): string {
  return JSON.stringify(condition, (_key, value) => (typeof value === "bigint" ? `${value}n` : value)).slice(0, 2_000);
}
