import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Condition, NumberField, TextField } from "../domain/condition.ts";
import { conditionMatcher } from "../domain/condition-matcher.ts";
import { conditionsOn } from "../domain/conditions.arbitrary.ts";
import { all, any, atLeast, atMost, hasText, level, not, number, text } from "../domain/conditions.fixture.ts";
import { crowdedRecords } from "../domain/crowded-records.arbitrary.ts";
import { MatchedRecord } from "../domain/matched-record.ts";
import { compareNewestFirst, type StoredRecord, sortKeyOf } from "../domain/stored-record.ts";
import type { AccessLog } from "./access-log.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "./build-logged-batch.ts";
import { newTenant, noDeadLetters, request, storeOne } from "./contract-batches.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";
import { recordQuery, storedRecords } from "./log-search.fixture.ts";
import type { LogSink } from "./log-sink.ts";
import type { RecordQuery } from "./record-query.ts";

/** An access log under test and the sink of the same store. */
export interface AccessLogHarness {
  sink: LogSink;
  accessLog: AccessLog;
  close(): Promise<void>;
}

/** What every AccessLog must do, whatever it is made of. */
export function accessLogContract(adapterName: string, make: () => Promise<AccessLogHarness>): void {
  describe(`${adapterName} keeps the AccessLog contract`, () => {
    let harness: AccessLogHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
      await harness.sink.prepare();
    });
    afterAll(() => harness?.close());

    /** Seqs of the records found, and their total. */
    async function find(query: RecordQuery, limit = 1000, offset = 0) {
      const page = await harness.accessLog.list(query, limit, offset, signal);
      return { seqs: page.rows.map(({ seq }) => seq), total: page.total };
    }
    /** Only seqs, where all that is found must fit the page. */
    async function seqsOf(tenant: string, condition?: Condition, times?: Partial<RecordQuery>): Promise<number[]> {
      const { seqs, total } = await find(recordQuery(tenant, condition, times));
      expect(total).toBe(seqs.length);
      return seqs;
    }
    async function stored(records: RecordToBuild[]): Promise<string> {
      const tenant = newTenant();
      await storeOne(harness.sink, { tenant, records });
      return tenant;
    }

    it("lists only what has http, of one tenant, and is stored", async () => {
      const [tenant, other] = [newTenant(), newTenant()];
      const records = [request(1n, {}), { message: "no request" }, request(2n, {}), request(3n, {}), {}];
      await storeOne(harness.sink, { tenant, records, dropped: [2], rejected: [4] });
      await storeOne(harness.sink, { tenant: other, records: [request(1n, {})] });
      expect(await seqsOf(tenant)).toEqual([3, 0]);
      expect(await seqsOf(newTenant())).toEqual([]);
    });

    it("gives of each record its identity, its time and what it has of the request", async () => {
      const [tenant, producer] = [newTenant(), newProducer()];
      const http = { clientIp: "2001:db8::1", method: "Get", path: "/cart?item=1", status: 402 };
      const latencies = [{}, { nanos: 1 }, { seconds: 2_147_483n, nanos: 999_999_999 }, { seconds: 315_576_000_000n }];
      const records = [
        request(9n, {}),
        ...latencies.map((latency, index) => request(BigInt(index), { ...http, latency, userAgent: "unseen" })),
      ];
      await storeOne(harness.sink, { tenant, producer, firstSeq: 7, records });
      const { rows } = await harness.accessLog.list(recordQuery(tenant), 10, 0, signal);
      const nanos = [0n, 1n, 2_147_483_999_999_999n, 315_576_000_000_000_000_000n];
      expect(rows).toEqual([
        { producer, seq: 7, timeNanos: 9n, clientIp: "", method: "", path: "", status: 0, latencyNanos: undefined },
        ...nanos
          .map((latencyNanos, index) => ({ producer, seq: 8 + index, timeNanos: BigInt(index), ...http, latencyNanos }))
          .reverse(),
      ]);
    });

    it("is newest first by time, producer and seq, page by page", async () => {
      const tenant = newTenant();
      const producers = [newProducer(), newProducer(Date.now() - 86_400_000)].sort();
      const times = [
        5n,
        5n,
        9_223_372_036_854_775_807n,
        6n,
        0n,
        1_000_000_000_000_000_001n,
        1_000_000_000_000_000_000n,
      ];
      const records = times.map((time, index) => request(time, { path: `/${index}`, status: 200 + index }));
      for (const producer of producers) await storeOne(harness.sink, { tenant, producer, firstSeq: 10, records });

      const [low, high] = producers;
      const expected = [12, 15, 16, 13].flatMap((seq) => [`${high}-${seq}`, `${low}-${seq}`]);
      expected.push(`${high}-11`, `${high}-10`, `${low}-11`, `${low}-10`, `${high}-14`, `${low}-14`);
      const found: string[] = [];
      for (let offset = 0; offset < 15; offset += 3) {
        const { rows, total } = await harness.accessLog.list(recordQuery(tenant), 3, offset, signal);
        expect(total).toBe(14);
        for (const { producer, seq, path, status } of rows) {
          found.push(`${producer}-${seq}`);
          expect({ path, status }).toEqual({ path: `/${seq - 10}`, status: 190 + seq });
        }
      }
      expect(found).toEqual(expected);
      expect(await find(recordQuery(tenant), 3, 14)).toEqual({ seqs: [], total: 14 });
      expect(await find(recordQuery(tenant), 3, 10_000)).toEqual({ seqs: [], total: 14 });
    });

    it("meets every condition that is given", async () => {
      const base = { clientIp: "10.0.0.1", method: "GET", path: "/cart/items", status: 200 };
      const tenant = await stored([
        request(10n, base),
        request(11n, { ...base, status: 404 }),
        request(12n, { ...base, clientIp: "10.0.0.10" }),
        request(13n, { ...base, method: "get" }),
        request(14n, { ...base, method: "POST" }),
        request(15n, { ...base, path: "/Cart/items" }),
        request(16n, { ...base, status: 0 }),
      ]);
      const path = (part: string) => text("path", part, "contains");
      expect(await seqsOf(tenant, number("status", 404n))).toEqual([1]);
      expect(await seqsOf(tenant, number("status", 0n))).toEqual([6]);
      expect(await seqsOf(tenant, number("status", 200n, 500n))).toEqual([5, 4, 3, 2, 1, 0]);
      expect(await seqsOf(tenant, text("client_ip", "10.0.0.10"))).toEqual([2]);
      expect(await seqsOf(tenant, text("client_ip", "10.0.0"))).toEqual([]);
      expect(await seqsOf(tenant, text("client_ip", "10.0.0.10", "prefix"))).toEqual([2]);
      expect(await seqsOf(tenant, text("method", "gEt"))).toEqual([6, 5, 3, 2, 1, 0]);
      expect(await seqsOf(tenant, all(text("method", "POST"), number("status", 200n)))).toEqual([4]);
      expect(await seqsOf(tenant, path("art/it"))).toEqual([6, 5, 4, 3, 2, 1, 0]);
      expect(await seqsOf(tenant, path("cart"))).toEqual([6, 4, 3, 2, 1, 0]);
      expect(await seqsOf(tenant, text("path", "/c", "prefix"))).toEqual([6, 4, 3, 2, 1, 0]);
      const each = [path("cart"), text("method", "post"), number("status", 200n), text("client_ip", "10.0.0.1")];
      expect(await seqsOf(tenant, all(...each))).toEqual([4]);
      expect(await find(recordQuery(tenant, text("method", "GET")), 2, 1)).toEqual({ seqs: [5, 3], total: 6 });
    });

    it("takes conditions side by side and negated; what a record does not have meets none", async () => {
      const tenant = await stored([
        { ...request(10n, { status: 200, latency: { nanos: 5 } }), service: "shop", severityText: "error" },
        { ...request(11n, { status: 500 }), service: "shop" },
        { ...request(12n, { status: 200, latency: {} }), service: "auth", severityText: "odd" },
      ]);
      expect(await seqsOf(tenant, any(number("status", 500n), text("service", "auth")))).toEqual([2, 1]);
      expect(await seqsOf(tenant, any())).toEqual([]);
      expect(await seqsOf(tenant, all())).toEqual([2, 1, 0]);
      expect(await seqsOf(tenant, not(any()))).toEqual([2, 1, 0]);
      expect(await seqsOf(tenant, not(text("service", "shop")))).toEqual([2]);
      expect(await seqsOf(tenant, atLeast("latency_nanos", 0n))).toEqual([2, 0]);
      expect(await seqsOf(tenant, not(atLeast("latency_nanos", 1n)))).toEqual([2, 1]);
      expect(await seqsOf(tenant, not(atMost("latency_nanos", 1n)))).toEqual([1, 0]);
      expect(await seqsOf(tenant, hasText("severity_text"))).toEqual([2, 0]);
      expect(await seqsOf(tenant, level("ERROR"))).toEqual([0]);
      expect(await seqsOf(tenant, level("odd"))).toEqual([2]);
      expect(await seqsOf(tenant, atLeast("severity", 17n))).toEqual([0]);
    });

    it("finds a record by its identity", async () => {
      const [tenant, producer] = [newTenant(), newProducer()];
      await storeOne(harness.sink, { tenant, producer, records: [request(1n, {}), request(2n, {}), {}] });
      const has = (seq: number): Condition => ({ kind: "identity", producer, seq });
      expect(await seqsOf(tenant, has(1))).toEqual([1]);
      expect(await seqsOf(tenant, has(2))).toEqual([]);
      expect(await seqsOf(tenant, not(has(1)))).toEqual([0]);
      expect(await seqsOf(tenant, { kind: "identity", producer: newProducer(), seq: 1 })).toEqual([]);
    });

    it("takes times at both ends of the range, to the nanosecond", async () => {
      const last = 9_223_372_036_854_775_807n;
      const times = [0n, 1n, last - 2n, last - 1n, last];
      const tenant = await stored(times.map((time) => request(time, {})));
      const within = (startNanos: bigint | undefined, endNanos: bigint | undefined) =>
        seqsOf(tenant, undefined, { startNanos, endNanos });
      expect(await within(1n, last)).toEqual([3, 2, 1]);
      expect(await within(last - 1n, undefined)).toEqual([4, 3]);
      expect(await within(undefined, 1n)).toEqual([0]);
      expect(await within(2n, 2n)).toEqual([]);
      expect(await within(2n, 1n)).toEqual([]);
      expect(await within(-1n, last + 1n)).toEqual([4, 3, 2, 1, 0]);
      expect(await within(last + 1n, undefined)).toEqual([]);
    });

    it("takes hostile text in a condition letter for letter, and gives it back so", async () => {
      const texts = [...HOSTILE_TEXTS, "GET", "get", " GET", "GET ", "%", "_", "\\", "", "ж", "Ж"];
      const tenant = await stored(
        texts.map((text, index) => request(BigInt(index), { clientIp: text, method: text, path: `/${text}/` })),
      );
      const { rows } = await harness.accessLog.list(recordQuery(tenant), 1000, 0, signal);
      expect(rows.map(({ clientIp, method, path }) => ({ clientIp, method, path })).reverse()).toEqual(
        texts.map((text) => ({ clientIp: text, method: text, path: `/${text}/` })),
      );
      const matching = (matches: (text: string) => boolean) =>
        texts.flatMap((text, seq) => (matches(text) ? [seq] : [])).reverse();
      for (const some of texts.filter((one) => one !== "")) {
        const lower = some.toLowerCase();
        expect(await seqsOf(tenant, text("client_ip", some)), `client ${some}`).toEqual(
          matching((other) => other === some),
        );
        expect(await seqsOf(tenant, text("method", some)), `method ${some}`).toEqual(
          matching((other) => other.toLowerCase() === lower),
        );
        expect(await seqsOf(tenant, text("path", some, "contains")), `path ${some}`).toEqual(
          matching((other) => `/${other}/`.includes(some)),
        );
      }
    });

    it("lists what a plain look at each record finds", { timeout: 300_000 }, async () => {
      const seed = Math.trunc(Math.random() * 2 ** 31);
      const { tenant, kept } = await storeGenerated(seed);
      const asked = fc.record({
        condition: conditionsOn(kept).map(withColumns),
        limit: fc.nat(30),
        offset: fc.nat(30),
      });
      const property = fc.asyncProperty(asked, async ({ condition, limit, offset }) => {
        const matches = conditionMatcher(condition);
        const found = kept.filter((record) => matches(new MatchedRecord(record.producer, record)));
        const page = await harness.accessLog.list(recordQuery(tenant, condition), limit, offset, signal);
        const ids = ({ producer, seq }: { producer: string; seq: number }) => `${producer}-${seq}`;
        expect({ ...page, rows: page.rows.map(ids) }, `over the records of seed ${seed}`).toEqual({
          total: found.length,
          rows: found.slice(offset, offset + limit).map(ids),
        });
      });
      await fc.assert(property, { numRuns: GENERATED_CONDITIONS });
    });

    /** Records of two producers and days; those with http, newest first. */
    async function storeGenerated(seed: number): Promise<{ tenant: string; kept: StoredRecord[] }> {
      const tenant = newTenant();
      const records = fc.sample(crowdedRecords(), { seed, numRuns: GENERATED_RECORDS });
      const half = Math.ceil(records.length / 2);
      const batches = [records.slice(0, half), records.slice(half)].map((part, day) =>
        buildLoggedBatch({ tenant, producer: newProducer(Date.now() - day * 86_400_000), records: part }),
      );
      await harness.sink.store(batches, noDeadLetters, signal);
      const kept = batches.flatMap(storedRecords).filter(({ record }) => record.http);
      return { tenant, kept: kept.sort((a, b) => compareNewestFirst(sortKeyOf(a), sortKeyOf(b))) };
    }
  });
}

const GENERATED_RECORDS = 300;
const GENERATED_CONDITIONS = 150;

const TEXTS: readonly TextField[] = ["service", "severity_text", "client_ip", "method", "path"];
const NUMBERS: readonly NumberField[] = ["severity", "status", "latency_nanos"];

/** The same condition, made of what every store has columns for: others are put in the place of the rest. */
function withColumns(condition: Condition): Condition {
  switch (condition.kind) {
    case "all":
    case "any":
      return { kind: condition.kind, of: condition.of.map(withColumns) };
    case "not":
      return not(withColumns(condition.of));
    case "text":
      return TEXTS.includes(condition.field) ? condition : { ...condition, field: "path" };
    case "number":
      return NUMBERS.includes(condition.field) ? condition : { ...condition, field: "status" };
    case "level":
    case "identity":
      return condition;
    default:
      return number("status", 200n);
  }
}
