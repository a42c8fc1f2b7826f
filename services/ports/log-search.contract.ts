import { randomUUID } from "node:crypto";
import { equals } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogRecordSchema, Severity } from "../../gen/logpulse/v1/log_record_pb.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { severityRangeOfWord } from "../domain/severity.ts";
import { wordsOf } from "../domain/words.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "./build-logged-batch.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";
import { type LogSearchHarness, logQuery } from "./log-search.fixture.ts";
import type { LogQuery } from "./log-search.ts";
import { pagingContract } from "./log-search-paging.contract.ts";

/** What every LogSearch must do, whatever it is made of. */
export function logSearchContract(adapterName: string, make: () => Promise<LogSearchHarness>): void {
  describe(`${adapterName} keeps the LogSearch contract`, () => {
    let harness: LogSearchHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness?.close());

    /** Stores the records under a new tenant and gives a way to find their places in the list, newest first. */
    async function given(records: RecordToBuild[]) {
      const tenant = `tenant-${randomUUID()}`;
      // Without a time of its own each record is a nanosecond older than the one before: found in the order given.
      const timed = records.map((record, index) => ({ time: nanosToTimestamp(BASE_NANOS - BigInt(index)), ...record }));
      await harness.store([buildLoggedBatch({ tenant, producer: newProducer(), records: timed })]);
      return async (conditions: Partial<LogQuery>, size = 1_000) =>
        (await harness.search.search(logQuery(tenant, conditions), size, undefined, signal)).map(({ seq }) => seq);
    }

    it("finds nothing where nothing is stored, and answers its check", async () => {
      await harness.search.check();
      const query = logQuery(`tenant-${randomUUID()}`, { words: ["a"], startNanos: 0n });
      expect(await harness.search.search(query, 10, undefined, signal)).toEqual([]);
      expect(
        await harness.search.search(query, 10, { timeNanos: 1n, producer: newProducer(), seq: 0 }, signal),
      ).toEqual([]);
    });

    it("finds all records of the tenant without conditions, newest first", async () => {
      const times = [5n, 7n, 7n, 6n, 0n, 8n].map((nanos) => ({ time: nanosToTimestamp(nanos) }));
      expect(await (await given(times))({})).toEqual([5, 2, 1, 3, 0, 4]);
    });

    it("finds words anywhere in the message and in any order, each of them and whole", async () => {
      const find = await given(["card was declined", "declined: the CARD", "card", "cards declined", ""].map(saying));
      expect(await find({ words: ["declined", "card"] })).toEqual([0, 1]);
      expect(await find({ words: ["card", "card"] })).toEqual([0, 1, 2]);
      expect(await find({ words: ["car"] })).toEqual([]);
      expect(await find({ words: ["declined", "lost"] })).toEqual([]);
    });

    it("finds a phrase where its words stand side by side in their order", async () => {
      const texts = [
        "connection timed out",
        "Connection-Timed... OUT!",
        "timed out connection",
        "timed_out",
        "out timed out",
      ];
      const find = await given(texts.map(saying));
      expect(await find({ phrase: ["timed", "out"] })).toEqual([0, 1, 2, 4]);
      expect(await find({ phrase: ["connection", "timed", "out"] })).toEqual([0, 1]);
      expect(await find({ phrase: ["timed", "out", "connection"] })).toEqual([2]);
      expect(await find({ phrase: ["out"], words: ["connection"] })).toEqual([0, 1, 2]);
      expect(await find({ phrase: ["connection", "out"] })).toEqual([]);
      expect(await find({ phrase: ["timed", "timed"] })).toEqual([]);
    });

    it("finds words anywhere: message, service, severity text, each word in any of them", async () => {
      const find = await given([
        { service: "payment-service", severityText: "ERROR", message: "no answer" },
        { service: "auth", severityText: "INFO", message: "payment failed, error 5" },
        { service: "payment", severityText: "error5", message: "" },
      ]);
      expect(await find({ anywhere: ["payment"] })).toEqual([0, 1, 2]);
      expect(await find({ anywhere: ["error"] })).toEqual([0, 1]);
      expect(await find({ anywhere: wordsOf("payment-service") })).toEqual([0]);
      expect(await find({ anywhere: ["payment", "error", "answer"] })).toEqual([0]);
      expect(await find({ words: ["payment"] })).toEqual([1]);
    });

    it("finds a level by its letters, and a usual word's whole range besides", async () => {
      const find = await given([
        { severity: Severity.ERROR3, severityText: "E" },
        { severityText: "err" },
        { severityText: "ERROR" },
        { severity: Severity.INFO, severityText: "ERROR" },
        { severity: Severity.FATAL, severityText: "" },
        { severityText: "odd" },
        {},
      ]);
      const level = (text: string) => find({ level: { text, range: severityRangeOfWord(text) } });
      expect(await level("ERROR")).toEqual([0, 1, 2, 3]);
      expect(await level("Error")).toEqual([0, 1, 2]);
      expect(await level("E")).toEqual([0]);
      expect(await level("odd")).toEqual([5]);
      expect(await level("ODD")).toEqual([]);
      expect(await level("critical")).toEqual([4]);
      expect(await level("")).toEqual([4, 6]);
    });

    it("finds a service letter for letter, the empty one too", async () => {
      const find = await given(["auth", "Auth", "auth ", "", "auth-2"].map((service) => ({ service })));
      expect(await find({ service: "auth" })).toEqual([0]);
      expect(await find({ service: "" })).toEqual([3]);
      expect(await find({ service: "a*" })).toEqual([]);
    });

    it("includes the start of a time range and excludes its end, to the nanosecond", async () => {
      const times = [LAST_NANOS, BASE_NANOS + 1n, BASE_NANOS, BASE_NANOS - 1n, 0n];
      const find = await given(times.map((nanos) => ({ time: nanosToTimestamp(nanos) })));
      expect(await find({ startNanos: BASE_NANOS })).toEqual([0, 1, 2]);
      expect(await find({ endNanos: BASE_NANOS })).toEqual([3, 4]);
      expect(await find({ startNanos: BASE_NANOS, endNanos: BASE_NANOS + 1n })).toEqual([2]);
      expect(await find({ startNanos: BASE_NANOS, endNanos: BASE_NANOS })).toEqual([]);
      expect(await find({ startNanos: BASE_NANOS + 1n, endNanos: BASE_NANOS })).toEqual([]);
      expect(await find({ startNanos: 0n, endNanos: LAST_NANOS })).toEqual([1, 2, 3, 4]);
      expect(await find({ startNanos: LAST_NANOS })).toEqual([0]);
    });

    it("takes times that no record can have", async () => {
      const find = await given([{ time: nanosToTimestamp(LAST_NANOS) }, { time: nanosToTimestamp(0n) }]);
      expect(await find({ startNanos: -1n, endNanos: LAST_NANOS + 1n })).toEqual([0, 1]);
      expect(await find({ startNanos: LAST_NANOS + 1n })).toEqual([]);
      expect(await find({ endNanos: 0n })).toEqual([]);
      expect(await find({ startNanos: -(10n ** 30n), endNanos: 10n ** 30n })).toEqual([0, 1]);
    });

    it("holds every condition at once", async () => {
      const right = { service: "auth", severityText: "WARN", message: "login of alice failed twice" };
      const find = await given([
        right,
        { ...right, service: "web" },
        { ...right, severityText: "INFO" },
        { ...right, message: "login of alice failed" },
        { ...right, message: "twice failed alice of login" },
        { ...right, time: nanosToTimestamp(BASE_NANOS - 100n) },
      ]);
      const all = {
        words: ["twice", "login"],
        phrase: ["alice", "failed"],
        anywhere: ["auth", "warn"],
        level: { text: "warning", range: severityRangeOfWord("warning") },
        service: "auth",
        startNanos: BASE_NANOS - 50n,
        endNanos: BASE_NANOS + 1n,
      };
      expect(await find(all)).toEqual([0]);
      expect(await find({ ...all, endNanos: BASE_NANOS })).toEqual([]);
    });

    it("keeps tenants apart", async () => {
      const producer = newProducer();
      const tenants = ["a", "b"].map((name) => `tenant-${name}-${randomUUID()}`);
      const batches = tenants.map((tenant) => buildLoggedBatch({ tenant, producer, records: [saying(tenant)] }));
      await harness.store(batches);
      for (const tenant of tenants) {
        const found = await harness.search.search(logQuery(tenant, { words: ["tenant"] }), 10, undefined, signal);
        expect(found.map(({ record }) => record.message)).toEqual([tenant]);
      }
      for (const tenant of ["*", "tenant-a*", "", tenants.join(",")]) {
        expect(await harness.search.search(logQuery(tenant), 10, undefined, signal)).toEqual([]);
      }
    });

    it("gives back the record as it was sent", async () => {
      const tenant = `tenant-${randomUUID()}`;
      const records = [{}, saying("no time of its own"), ...HOSTILE_TEXTS.map(saying)];
      const batch = buildLoggedBatch({ tenant, producer: newProducer(), records });
      await harness.store([batch]);
      const found = await harness.search.search(logQuery(tenant), 1_000, undefined, signal);
      expect(found.map(({ seq }) => seq)).toEqual(records.map((_, index) => records.length - 1 - index));
      for (const { producer, seq, record, receivedNanos } of found) {
        expect(equals(LogRecordSchema, record, batch.records[seq]!.record)).toBe(true);
        expect({ producer, receivedNanos }).toEqual({ producer: batch.producer, receivedNanos: batch.receivedNanos });
      }
    });

    it.each(HOSTILE_SEARCHES)("takes $title for text, not for syntax", async ({ text }) => {
      const long = `${text} ${"x".repeat(10_000)} ${text}`;
      const find = await given([
        { message: text, service: text.slice(0, 60), severityText: text.slice(0, 20) },
        { message: long },
        { message: "something else", service: "other", severityText: "INFO" },
        {},
      ]);
      const words = wordsOf(text);
      const hasWords = words.length > 0;
      expect(await find({ words })).toEqual(hasWords ? [0, 1] : [0, 1, 2, 3]);
      expect(await find({ phrase: words })).toEqual(hasWords ? [0, 1] : [0, 1, 2, 3]);
      expect(await find({ anywhere: words })).toEqual(hasWords ? [0, 1] : [0, 1, 2, 3]);
      expect(await find({ phrase: wordsOf(long) })).toEqual([1]);
      expect(await find({ service: text.slice(0, 60) })).toEqual([0]);
      expect(await find({ level: { text: text.slice(0, 20), range: undefined } })).toEqual([0]);
    });

    it("finds words in any alphabet, in any case, composed or not", async () => {
      const texts = [
        "caf\u00e9",
        "CAFE\u0301",
        "\u0130stanbul",
        "STRASSE Straße",
        "検索 エンジン",
        "𝒜".repeat(200),
        "x😀y",
      ];
      const find = await given(texts.map(saying));
      expect(await find({ words: wordsOf("Cafe\u0301") })).toEqual([0, 1]);
      expect(await find({ phrase: wordsOf("\u0130STANBUL") })).toEqual([2]);
      expect(await find({ words: wordsOf("strasse") })).toEqual([3]);
      expect(await find({ words: wordsOf("STRASSE straße") })).toEqual([3]);
      expect(await find({ phrase: wordsOf("検索、エンジン") })).toEqual([4]);
      expect(await find({ words: wordsOf("検") })).toEqual([]);
      expect(await find({ words: wordsOf("𝒜".repeat(128)) })).toEqual([5]);
      expect(await find({ phrase: wordsOf("X Y") })).toEqual([6]);
    });

    it("gives no more than it was asked for", async () => {
      const find = await given(Array.from({ length: 12 }, () => saying("again")));
      expect(await find({ words: ["again"] }, 1)).toEqual([0]);
      expect(await find({ words: ["again"] }, 11)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(await find({}, 1_000)).toHaveLength(12);
    });

    pagingContract(() => harness);
  });
}

const BASE_NANOS = 1_795_000_000_123_456_789n;
const LAST_NANOS = 9_223_372_036_854_775_807n;

const HOSTILE_SEARCHES = [
  ...HOSTILE_TEXTS,
  'message:"x" AND (level:ERROR OR *) NOT [a TO z} && || ! ^2 ~3 /re.*/ \\',
  '"}]}}},"size":10000,"query":{"match_all":{}},"x":[{"y":"',
  "' UNION SELECT password FROM users WHERE 'a' = 'a",
  "?*%_[]()\"'`",
  "wild* c?rd 50% under_score",
  "\n\r\t \u3000\u00a0",
  "w".repeat(10_000),
].map((text) => ({ title: JSON.stringify(text.slice(0, 40)), text }));

function saying(message: string): RecordToBuild {
  return { message };
}
