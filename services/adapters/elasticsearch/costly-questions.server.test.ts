import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningElasticsearch, startElasticsearch } from "../../../stack/elasticsearch.ts";
import { haveServers } from "../../../stack/have-servers.ts";
import { type Condition, TEXT_FIELDS } from "../../domain/condition.ts";
import { conditionMatcher } from "../../domain/condition-matcher.ts";
import {
  any,
  attribute,
  hasText,
  level,
  not,
  number,
  text,
  wordPrefix,
  words,
} from "../../domain/conditions.fixture.ts";
import {
  FILTER_ATTRIBUTE_PATH_BYTES_MAX,
  FILTER_CONDITIONS_MAX,
  FILTER_CONTAINS_MAX,
  FILTER_DEPTH_MAX,
  FILTER_PATTERN_BYTES_MAX,
  FILTER_WORDS_MAX,
  HTTP_LONG_BYTES_MAX,
  SEARCH_ANSWER_BYTES_MAX,
} from "../../domain/limits.ts";
import { MatchedRecord } from "../../domain/matched-record.ts";
import { buildLoggedBatch, newProducer } from "../../ports/build-logged-batch.ts";
import { newTenant } from "../../ports/contract-batches.ts";
import { recordQuery, searchPage, storedRecords } from "../../ports/log-search.fixture.ts";
import type { RecordQuery } from "../../ports/record-query.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";
import { ElasticsearchLogAggregates } from "./log-aggregates.ts";
import { ElasticsearchLogSearch } from "./log-search.ts";
import { SpoilingProxy } from "./spoiling-proxy.fixture.ts";

const WORDS_MOST = Array.from({ length: FILTER_WORDS_MAX }, (_, index) => `w${index}`);
const LONG_PATH = "p".repeat(FILTER_ATTRIBUTE_PATH_BYTES_MAX);

/** As many as a filter may hold, each of its own value. */
function most(make: (index: number) => Condition, count = FILTER_CONDITIONS_MAX - 1): Condition[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A text of so many bytes that goes on as it begins: the hardest to look for. */
function longText(bytes: number, index: number): string {
  return `${"a".repeat(bytes - 3)}${String(index).padStart(3, "0")}`;
}

/** So deep, and with two conditions at each depth. */
function deep(depth: number): Condition {
  if (depth <= 1) return number("response_bytes", 0n);
  return depth % 3 === 0
    ? not(deep(depth - 1))
    : { kind: depth % 3 === 1 ? "all" : "any", of: [deep(depth - 1), level("x")] };
}

const LARGEST: [string, Condition][] = [
  ["of numbers", any(...most((index) => number("response_bytes", BigInt(-index), BigInt(index))))],
  ["of levels", any(...most(() => level("error")))],
  ["of methods", any(...most((index) => text("method", `m${index}`)))],
  [
    "of methods, and of words anywhere", // The most leaves that there can be: about 1,280.
    any(...most((index) => text("method", `m${index}`), 254), { kind: "words", words: WORDS_MOST, scope: "anywhere" }),
  ],
  ["of words in the message", { kind: "words", words: WORDS_MOST, scope: "message" }],
  ["of words anywhere", { kind: "words", words: WORDS_MOST, scope: "anywhere" }],
  ["of one phrase", { kind: "phrase", words: WORDS_MOST }],
  ["of beginnings of words", any(...most((index) => wordPrefix(`w${index}`)))],
  ["of fields that are there", any(...most((index) => hasText(TEXT_FIELDS[index % TEXT_FIELDS.length]!)))],
  ["of long texts to be equal", any(...most((index) => text("path", longText(HTTP_LONG_BYTES_MAX, index))))],
  ["of long beginnings", any(...most((index) => text("path", longText(FILTER_PATTERN_BYTES_MAX, index), "prefix")))],
  [
    "of long beginnings of attributes with long paths",
    any(
      ...most((index) => attribute(LONG_PATH, longText(FILTER_PATTERN_BYTES_MAX, index), "prefix"), 254),
      attribute(LONG_PATH, "v".repeat(FILTER_PATTERN_BYTES_MAX), "prefix"),
    ),
  ],
  [
    "of long texts to be contained",
    not(
      any(
        ...most(
          (index) => text("path", longText(FILTER_PATTERN_BYTES_MAX, index), "contains"),
          FILTER_CONTAINS_MAX - 1,
        ),
        text("path", "a".repeat(FILTER_PATTERN_BYTES_MAX), "contains"),
      ),
    ),
  ],
  ["in one another", deep(FILTER_DEPTH_MAX)],
];

/** Its clock is looked at, not remembered for a fifth of a second: a time of a millisecond then ends after one. */
const EXACT_CLOCK = { "thread_pool.estimated_time_interval": "0ms" };
const RECORDS = 60_000;
const RECORDS_BEFORE = 20;

describe.runIf(haveServers("elasticsearch"))("questions that cost Elasticsearch much", { timeout: 120_000 }, () => {
  const signal = AbortSignal.timeout(600_000);
  const tenant = newTenant();
  let server: RunningElasticsearch;
  let proxy: SpoilingProxy;
  let store: StoreForTests;
  let behindProxy: Pick<StoreForTests, "search" | "aggregates">;

  beforeAll(async () => {
    server = await startElasticsearch({ settings: EXACT_CLOCK, heapMiB: 512 });
    proxy = new SpoilingProxy(server.url);
    store = new StoreForTests(server.url);
    const settings = { ...store.settings, url: await proxy.listen() };
    const [search, aggregates] = [new ElasticsearchLogSearch(settings), new ElasticsearchLogAggregates(settings)];
    behindProxy = { search, aggregates };
    await store.sink.prepare();
    // A day with little in it, which is soon looked through, and one with many paths.
    await store.store([batch(Date.now() - 86_400_000, 0, RECORDS_BEFORE)]);
    for (let first = 0; first < RECORDS; first += 5_000) await store.store([batch(Date.now(), first, 5_000)]);
    // The first ones take seconds: a fresh Java runs slowly.
    await store.search.search(recordQuery(tenant, costly()), searchPage(), signal);
  }, 240_000);
  afterAll(async () => {
    await store?.disconnect();
    await Promise.all([behindProxy?.search.close(), behindProxy?.aggregates.close()]);
    await proxy?.close();
    await server?.remove();
  }, 60_000);

  function batch(timeMs: number, first: number, count: number) {
    const records = Array.from({ length: count }, (_, index) => ({
      message: "a message",
      service: `service-${(first + index) % 7}`,
      http: { method: "GET", path: `/items/${first + index}/of/${(first + index) * 7_919}`, status: 200 },
    }));
    return buildLoggedBatch({ tenant, producer: newProducer(timeMs), firstSeq: first, records });
  }

  beforeEach(() => {
    proxy.rewrite = (body) => body;
  });

  describe("searches", () => {
    it("end with what they have when their time is up", async () => {
      for (const msMax of [800, 400, 200, 100, 50, 20]) {
        const page = searchPage({ msMax });
        const { records, isPartial } = await store.search.search(recordQuery(tenant, costly()), page, signal);
        expect(records.every(({ record }) => record.message === "a message")).toBe(true);
        if (isPartial && records.length > 0) return;
      }
      throw new Error("no search found a part: each found all or nothing");
    });

    it("are cancelled in Elasticsearch when the caller hangs up", async () => {
      const many = (by: AbortSignal) =>
        Promise.allSettled(
          Array.from({ length: 24 }, () => store.search.search(recordQuery(tenant, costly()), searchPage(), by)),
        );
      const whole = await msOf(() => many(signal));
      const caller = new AbortController();
      const given = many(caller.signal);
      while ((await searchesRunning()) < 12) await sleep(5);
      caller.abort();
      const cancelled = await msOf(async () => {
        while ((await searchesRunning()) > 0) await sleep(5);
      });
      expect(cancelled).toBeLessThan(whole / 2);
      for (const outcome of await given) expect(outcome).toMatchObject({ reason: { kind: "cancelled" } });
    });

    it("stay searches for a part where a long page is asked for in parts", async () => {
      let asked = 0;
      proxy.rewrite = (body) => {
        asked++;
        return asked === 1 ? body : inAMillisecond(body);
      };
      proxy.spoil = (answer) => (asked === 1 ? { ...answer, body: " ".repeat(SEARCH_ANSWER_BYTES_MAX + 1) } : answer);
      const found = await behindProxy.search.search(recordQuery(tenant, costly()), searchPage(), signal);
      proxy.spoil = (answer) => answer;
      expect(asked).toBe(2);
      expect(found).toMatchObject({ isPartial: true, isCut: false }); // Nobody should go on behind a part.
      expect(found.records.length).toBeLessThanOrEqual(500);
    });
  });

  describe("counts", () => {
    const counts: [string, (of: Pick<StoreForTests, "aggregates">, by: RecordQuery) => Promise<unknown>][] = [
      ["a time span", (of, query) => of.aggregates.timeSpan(query, signal)],
      ["a histogram", (of, query) => of.aggregates.histogram(query, 1_000_000n, signal)],
      ["facets", (of, query) => of.aggregates.facets(query, [PATH_FACET], 10, signal)],
    ];
    const tooCostly = { kind: "query_too_costly" };

    it.each(counts)("of %s are never those of a part: too little time is an error", async (_name, count) => {
      proxy.rewrite = inAMillisecond;
      await expect(count(behindProxy, recordQuery(tenant, costly()))).rejects.toMatchObject(tooCostly);
    });

    it.each([
      ["bytes of memory", "indices.breaker.request.limit", "1kb", counts.slice(2)],
      ["buckets", "search.max_buckets", 1, counts.slice(1)],
    ] as const)("that need too many %s are an error, not a reason to ask again", async (_name, setting, few, some) => {
      await store.client.cluster.putSettings({ persistent: { [setting]: few } });
      for (const [, count] of some) {
        await expect(count(store, recordQuery(tenant))).rejects.toMatchObject(tooCostly);
      }
      await store.client.cluster.putSettings({ persistent: { [setting]: null } });
    });

    it("say how far they may be wrong where there are too many values", async () => {
      const fields = [PATH_FACET, { kind: "text", field: "service" }] as const;
      const [paths, services] = await store.aggregates.facets(recordQuery(tenant), fields, 100, signal);
      expect(services!.countErrorMax).toBe(0);
      expect(services!.values.reduce((sum, { count }) => sum + count, 0)).toBe(RECORDS + RECORDS_BEFORE);
      expect(paths!.countErrorMax).toBe(1);
      expect(paths!.values).toHaveLength(100);
      for (const { value, count } of paths!.values) {
        const inBoth = Number(value.split("/")[2]) < RECORDS_BEFORE;
        expect([1, inBoth ? 2 : 1]).toContain(count);
      }
    });
  });

  describe("filters as large as may be", () => {
    it.each(LARGEST)("%s", async (_name, condition) => {
      const few = newTenant();
      const records = [
        { message: "w0 w1", service: "w2", http: { status: 5, responseBytes: 7n, path: "a".repeat(300) } },
        { message: WORDS_MOST.join(" "), severityText: "error", http: { status: 200 } },
        { message: "other", attributes: { [LONG_PATH]: `${"v".repeat(256)} and more` } },
      ];
      const written = buildLoggedBatch({ tenant: few, producer: newProducer(), records });
      await store.store([written]);
      const matches = conditionMatcher(condition);
      const expected = storedRecords(written).filter((one) => matches(new MatchedRecord(one.producer, one)));
      const page = searchPage({ order: "oldest_first" });
      const found = await store.search.search(recordQuery(few, condition), page, signal);
      expect(found.isPartial).toBe(false);
      expect(found.records.map(({ seq }) => seq)).toEqual(expected.map(({ seq }) => seq));
    });
  });

  async function searchesRunning(): Promise<number> {
    const { nodes } = await store.client.tasks.list({ actions: "indices:data/read/search" });
    return Object.values(nodes ?? {}).reduce((sum, { tasks }) => sum + Object.keys(tasks).length, 0);
  }
});

const PATH_FACET = { kind: "text", field: "path" } as const;

/** Met by every record, and not by what Elasticsearch has in a cache: it looks through all paths, many times. */
function costly(): Condition {
  const never = randomUUID();
  const pieces = Array.from({ length: FILTER_CONTAINS_MAX }, (_, index) =>
    text("path", `${index}${never}`, "contains"),
  );
  return any(...pieces, words("message"));
}

function inAMillisecond(body: string): string {
  return body.replace(/"timeout":"\d+ms"/, '"timeout":"1ms"');
}

async function msOf(what: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await what();
  return performance.now() - started;
}
