import type { JsonObject } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Severity } from "../../gen/logpulse/v1/log_record_pb.ts";
import { attributeLeaves } from "../domain/attribute-leaves.ts";
import { type Condition, NUMBER_FIELDS, TEXT_FIELDS } from "../domain/condition.ts";
import { conditionMatcher } from "../domain/condition-matcher.ts";
import { conditionsOn } from "../domain/conditions.arbitrary.ts";
import { any, text, words } from "../domain/conditions.fixture.ts";
import { crowdedRecords } from "../domain/crowded-records.arbitrary.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { MatchedRecord } from "../domain/matched-record.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { effectiveSeverity } from "../domain/severity.ts";
import { type StoredRecord, sortKeyOf } from "../domain/stored-record.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "./build-logged-batch.ts";
import { newTenant } from "./contract-batches.ts";
import type { FacetField, LogAggregates } from "./log-aggregates.ts";
import { recordQuery, storedRecords } from "./log-search.fixture.ts";

/** Aggregates under test and a way to give them something to count. */
export interface LogAggregatesHarness {
  /** Over an empty store of its own. */
  aggregates: LogAggregates;
  /** Resolves when the records can be found. */
  store(batches: LoggedBatch[]): Promise<void>;
  /** Removes what the tests stored, and frees connections. */
  close(): Promise<void>;
}

/** What every LogAggregates must do, whatever it is made of. */
export function logAggregatesContract(adapterName: string, make: () => Promise<LogAggregatesHarness>): void {
  describe(`${adapterName} keeps the LogAggregates contract`, () => {
    let harness: LogAggregatesHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness?.close());

    /** Stores the records under a new tenant, on two days of producers, and gives ways to count them. */
    async function given(records: readonly RecordToBuild[]) {
      const tenant = newTenant();
      const half = Math.ceil(records.length / 2);
      const batches = [records.slice(0, half), records.slice(half)].map((part, day) =>
        buildLoggedBatch({ tenant, producer: newProducer(Date.now() - day * 86_400_000), records: part }),
      );
      await harness.store(batches);
      const { aggregates } = harness;
      return {
        tenant,
        stored: batches.flatMap(storedRecords),
        span: (condition?: Condition) => aggregates.timeSpan(recordQuery(tenant, condition), signal),
        histogram: (width: bigint, startNanos: bigint, endNanos: bigint, condition?: Condition) =>
          aggregates.histogram(recordQuery(tenant, condition, { startNanos, endNanos }), width, signal),
        facets: (fields: readonly FacetField[], size = 100, condition?: Condition) =>
          aggregates.facets(recordQuery(tenant, condition), fields, size, signal),
        /** Of one field, as "value count". */
        facet: async (field: FacetField, size = 100, condition?: Condition) => {
          const [counted] = await aggregates.facets(recordQuery(tenant, condition), [field], size, signal);
          expect(counted!.countErrorMax).toBe(0);
          return counted!.values.map(({ value, count }) => `${value} ${count}`);
        },
      };
    }

    const at = (nanos: bigint, more: RecordToBuild = {}): RecordToBuild => ({ time: nanosToTimestamp(nanos), ...more });

    it("counts nothing where nothing is stored", async () => {
      const nothing = await given([]);
      expect(await nothing.span()).toBeUndefined();
      expect(await nothing.histogram(MS, 0n, 1_000n * MS)).toEqual([]);
      expect(await nothing.facets([LEVEL, STATUS, attributeField("a")])).toEqual(
        [1, 2, 3].map(() => ({ values: [], countErrorMax: 0 })),
      );
    });

    it("tells the times of the first and the last record to the nanosecond, under a condition and a range", async () => {
      const times = [BASE + 1n, BASE, BASE + 5n, BASE + 7n];
      const ask = await given(times.map((nanos, index) => at(nanos, { message: index === 3 ? "odd" : "even" })));
      expect(await ask.span()).toEqual({ oldestNanos: BASE, newestNanos: BASE + 7n });
      expect(await ask.span(words("even"))).toEqual({ oldestNanos: BASE, newestNanos: BASE + 5n });
      expect(await ask.span(words("odd"))).toEqual({ oldestNanos: BASE + 7n, newestNanos: BASE + 7n });
      expect(await ask.span(words("none"))).toBeUndefined();
      const range = recordQuery(ask.tenant, undefined, { startNanos: BASE + 1n, endNanos: BASE + 7n });
      expect(await harness.aggregates.timeSpan(range, signal)).toEqual({
        oldestNanos: BASE + 1n,
        newestNanos: BASE + 5n,
      });
    });

    it("tells the earliest and the latest time that a record can have", async () => {
      const ask = await given([at(LAST), at(0n)]);
      expect(await ask.span()).toEqual({ oldestNanos: 0n, newestNanos: LAST });
    });

    it("counts by time and severity, buckets without records left out", async () => {
      const start = 60_000n * MS * 30_000_000n;
      const ask = await given([
        at(start, { severity: Severity.TRACE }),
        at(start + 60_000n * MS - 1n, { severityText: "error" }),
        at(start + 60_000n * MS, { severity: Severity.INFO4 }),
        at(start + 60_000n * MS, {}),
        at(start + 60_000n * MS, { severity: 99 as Severity }),
        at(start + 300_000n * MS, { severity: Severity.FATAL4, severityText: "debug" }),
        at(start - 1n, { severity: Severity.WARN }),
      ]);
      const minutes = [
        { bucket: 30_000_000, counts: [0, 1, 0, 0, 0, 1, 0] },
        { bucket: 30_000_001, counts: [2, 0, 0, 1, 0, 0, 0] },
        { bucket: 30_000_005, counts: [0, 0, 0, 0, 0, 0, 1] },
      ];
      expect(await ask.histogram(60_000n * MS, start, start + 600_000n * MS)).toEqual(minutes);
      expect(await ask.histogram(60_000n * MS, start + 1n, start + 300_000n * MS)).toEqual([
        { bucket: 30_000_000, counts: [0, 0, 0, 0, 0, 1, 0] },
        minutes[1],
      ]);
      const inside = await ask.histogram(7n * MS, start + 60_000n * MS, start + 60_001n * MS);
      expect(inside).toEqual([{ bucket: Number((start + 60_000n * MS) / (7n * MS)), counts: [2, 0, 0, 1, 0, 0, 0] }]);
      expect(await ask.histogram(60_000n * MS, start, start)).toEqual([]);
    });

    it("counts values, the most frequent first; ties by value, numbers by their size, texts by their bytes", async () => {
      const statuses = [500, 404, 404, 99, 200, 200, 0];
      const ask = await given(
        ["b", "a", "B", "a", "\u{1f600}", "\uffff", ""].map((service, index) =>
          at(BASE, { service, http: { status: statuses[index]! } }),
        ),
      );
      const service = { kind: "text", field: "service" } as const;
      expect(await ask.facet(service)).toEqual(["a 2", "B 1", "b 1", "\uffff 1", "\u{1f600} 1"]);
      expect(await ask.facet(service, 2)).toEqual(["a 2", "B 1"]);
      expect(await ask.facet(service, 10, any(text("service", "b"), text("service", "B")))).toEqual(["B 1", "b 1"]);
      expect(await ask.facet(STATUS)).toEqual(["200 2", "404 2", "0 1", "99 1", "500 1"]);
      expect(await ask.facet(STATUS, 3)).toEqual(["200 2", "404 2", "0 1"]);
    });

    it("counts levels by their range, and the method as it was sent", async () => {
      const sent = ["GET", "get", "GET"].map((method) => ({ http: { method } }));
      const ask = await given([
        at(BASE, { ...sent[0], severity: Severity.ERROR2 }),
        at(BASE, { ...sent[1], severityText: "err" }),
        at(BASE, { ...sent[2], severityText: "warning" }),
        at(BASE, { severityText: "odd" }),
        at(BASE, { severity: Severity.DEBUG }),
      ]);
      expect(await ask.facet(LEVEL)).toEqual(["ERROR 2", "DEBUG 1", "WARN 1"]);
      expect(await ask.facet(LEVEL, 1)).toEqual(["ERROR 2"]);
      expect(await ask.facet({ kind: "text", field: "method" })).toEqual(["GET 2", "get 1"]);
      expect(await ask.facet({ kind: "number", field: "severity" })).toEqual(["0 1", "5 1", "13 1", "17 1", "18 1"]);
    });

    it("counts an attribute's values once for each record, of any kind and depth", async () => {
      const attributes: JsonObject[] = [
        { user: { id: ["a", "a", "b"] } },
        { "user.id": "a", user: { id: "a" } },
        { user: [{ id: 1 }, { id: "1" }] },
        { user: { id: ["", null, true] } },
        {},
      ];
      const ask = await given(attributes.map((some) => at(BASE, { attributes: some })));
      expect(await ask.facet(attributeField("user.id"))).toEqual(["a 2", "1 1", "b 1", "true 1"]);
      expect(await ask.facet(attributeField("user"))).toEqual([]);
      expect(await ask.facet(attributeField("*"))).toEqual([]);
    });

    it("counts several fields at once, in their order", async () => {
      const ask = await given([at(BASE, { service: "a", http: { status: 200, responseBytes: 2n ** 53n - 1n } })]);
      const bytes = { kind: "number", field: "response_bytes" } as const;
      const latency = { kind: "number", field: "latency_nanos" } as const;
      const counted = await ask.facets([bytes, latency, STATUS, STATUS]);
      expect(counted.map(({ values }) => values.map(({ value }) => value))).toEqual([
        ["9007199254740991"],
        [],
        ["200"],
        ["200"],
      ]);
      expect(await ask.facets([])).toEqual([]);
    });

    it("counts what a plain look at each record counts", { timeout: 300_000 }, async () => {
      const seed = Math.trunc(Math.random() * 2 ** 31);
      const ask = await given(fc.sample(crowdedRecords(), { seed, numRuns: GENERATED_RECORDS }));
      const paths = ask.stored.flatMap(({ record }) =>
        attributeLeaves(record.attributes ?? {}).map(({ path }) => path),
      );
      const asked = fc.record({
        condition: conditionsOn(ask.stored),
        fields: fc.uniqueArray(facetFields(paths.filter((path) => path !== "")), {
          maxLength: 4,
          selector: JSON.stringify,
        }),
        size: fc.integer({ min: 1, max: 20 }),
      });
      const property = fc.asyncProperty(asked, async ({ condition, fields, size }) => {
        const matches = conditionMatcher(condition);
        const found = ask.stored.filter((record) => matches(new MatchedRecord(record.producer, record)));
        const why = `over the records of seed ${seed}`;
        expect(await ask.span(condition), why).toEqual(plainSpan(found));
        expect(await ask.histogram(MS, BASE - 500n * MS, BASE + 500n * MS, condition), why).toEqual(
          plainHistogram(found),
        );
        expect(await ask.facets(fields, size, condition), why).toEqual(
          fields.map((field) => ({ values: plainFacet(found, field).slice(0, size), countErrorMax: 0 })),
        );
      });
      await fc.assert(property, { numRuns: GENERATED_CONDITIONS });
    });
  });
}

const MS = 1_000_000n;
/** The records of `crowdedRecords` are of this nanosecond and its neighbours. */
const BASE = 1_795_000_000_000_000_000n;
const LAST = 9_223_372_036_854_775_807n;
const GENERATED_RECORDS = 250;
const GENERATED_CONDITIONS = 150;

const LEVEL: FacetField = { kind: "level" };
const STATUS: FacetField = { kind: "number", field: "status" };

function attributeField(path: string): FacetField {
  return { kind: "attribute", path };
}

function facetFields(paths: readonly string[]): fc.Arbitrary<FacetField> {
  return fc.oneof(
    fc.constant(LEVEL),
    fc.constantFrom(...TEXT_FIELDS).map((field): FacetField => ({ kind: "text", field })),
    fc.constantFrom(...NUMBER_FIELDS).map((field): FacetField => ({ kind: "number", field })),
    fc.constantFrom(...paths, "missing").map(attributeField),
  );
}

function plainSpan(found: readonly StoredRecord[]) {
  const times = found.map((record) => sortKeyOf(record).timeNanos).sort((a, b) => (a < b ? -1 : 1));
  return times.length === 0 ? undefined : { oldestNanos: times[0], newestNanos: times.at(-1) };
}

/** Of the milliseconds before and after BASE. */
function plainHistogram(found: readonly StoredRecord[]) {
  const ranges = found.map((record) => ({
    bucket: sortKeyOf(record).timeNanos / MS,
    range: Math.ceil(effectiveSeverity(record.record) / 4),
  }));
  return [BASE / MS - 1n, BASE / MS]
    .map((bucket) => ({
      bucket: Number(bucket),
      counts: [0, 1, 2, 3, 4, 5, 6].map(
        (of) => ranges.filter((one) => one.bucket === bucket && one.range === of).length,
      ),
    }))
    .filter(({ counts }) => counts.some((count) => count > 0));
}

function plainFacet(found: readonly StoredRecord[], field: FacetField): { value: string; count: number }[] {
  const values = found.flatMap((record) => [
    ...new Set(plainValues(new MatchedRecord(record.producer, record), field)),
  ]);
  const counted = Object.entries(Object.groupBy(values, (value) => `=${value}`));
  return counted
    .map(([key, all]) => ({ value: key.slice(1), count: all!.length }))
    .sort((a, b) => b.count - a.count || (isBefore(field, a.value, b.value) ? -1 : 1));
}

function plainValues(record: MatchedRecord, field: FacetField): string[] {
  if (field.kind === "level")
    return NAMES.slice(Math.ceil(record.severity / 4))
      .slice(0, 1)
      .filter((name) => name !== "");
  const number = field.kind === "number" ? record.number(field.field) : undefined;
  if (field.kind === "number") return number === undefined ? [] : [`${number}`];
  const texts = field.kind === "text" ? [record.text(field.field)] : record.leaves(field.path).map((leaf) => leaf.text);
  return texts.filter((value) => value !== "");
}

const NAMES = ["", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

function isBefore(field: FacetField, a: string, b: string): boolean {
  if (field.kind === "level") return NAMES.indexOf(a) < NAMES.indexOf(b);
  if (field.kind === "number") return BigInt(a) < BigInt(b);
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}
