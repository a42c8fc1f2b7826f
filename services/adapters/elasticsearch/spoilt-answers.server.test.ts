import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { SEARCH_ANSWER_BYTES_MAX, STORE_ATTEMPTS_MAX } from "../../domain/limits.ts";
import { deadLetterOf } from "../../domain/refused-record.ts";
import { sortKeyOf } from "../../domain/stored-record.ts";
import { buildLoggedBatch } from "../../ports/build-logged-batch.ts";
import { counts, KeptLetters, messages, newIdentity, noDeadLetters } from "../../ports/contract-batches.ts";
import { listedLetter } from "../../ports/dead-letter-replay.contract.ts";
import { recordQuery, searchPage } from "../../ports/log-search.fixture.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";
import { ElasticsearchLogAggregates } from "./log-aggregates.ts";
import { ElasticsearchLogSearch } from "./log-search.ts";
import { type Answer, SpoilingProxy } from "./spoiling-proxy.fixture.ts";

const servers = realServers();

describe.runIf(servers)("answers of Elasticsearch that say little or nothing", () => {
  const signal = AbortSignal.timeout(600_000);
  let proxy: SpoilingProxy;
  let store: StoreForTests;

  beforeAll(async () => {
    proxy = new SpoilingProxy(servers!.elasticsearchUrl);
    store = new StoreForTests(await proxy.listen());
    await store.sink.prepare();
    await store.retention.keepFrom(first, signal);
  });
  afterAll(async () => {
    await store?.close();
    await proxy?.close();
  });
  beforeEach(() => {
    proxy.spoil = (answer) => answer;
    proxy.isBusy = () => false;
    proxy.bulkSizes.length = 0;
  });

  const ANY_SPOILT: [string, (answer: Answer) => Answer][] = [
    ["is cut off in the middle", (answer) => ({ ...answer, cutAfter: Math.floor(answer.body.length / 2) })],
    ["is cut off behind its headers", (answer) => ({ ...answer, body: answer.body, cutAfter: 1 })],
    ["never comes", (answer) => ({ ...answer, cutAfter: 0 })],
    ["is half of the JSON", (answer) => ({ ...answer, body: answer.body.slice(0, answer.body.length / 2) })],
    ["is a page of some proxy's", (answer) => ({ ...answer, contentType: "text/html", body: "<h1>Welcome</h1>" })],
    ["is called JSON and is none", (answer) => ({ ...answer, body: "<h1>Welcome</h1>" })],
    ["is empty", (answer) => ({ ...answer, body: "" })],
    ["is another answer", (answer) => ({ ...answer, body: '{"took":1,"errors":false}' })],
    ["is a gateway's error", (answer) => ({ ...answer, status: 502, contentType: "text/plain", body: "bad gateway" })],
    ["is an error without a reason", (answer) => ({ ...answer, status: 503, body: "{}" })],
  ];
  const SPOILT: typeof ANY_SPOILT = [
    ...ANY_SPOILT,
    ["has an item too few", (answer) => ({ ...answer, body: JSON.stringify({ items: itemsOf(answer).slice(1) }) })],
  ];
  const first = { records: 10, rollups: 10 };

  it.each(SPOILT)("stores once though the answer %s", async (_name, spoil) => {
    const { tenant, producer } = newIdentity();
    const batch = buildLoggedBatch({ tenant, producer, records: messages(20), rejected: [3] });
    proxy.spoil = (answer, path) => (path.startsWith("/_bulk") ? spoil(answer) : answer);
    const stored = store.sink.store([batch], noDeadLetters, signal);
    await expect(stored).rejects.toMatchObject({ kind: "store_unavailable" });
    proxy.spoil = (answer) => answer;
    expect(await store.sink.store([batch], noDeadLetters, signal)).toEqual(counts({ duplicate: 19, rejected: 1 }));
    expect(await store.stored(tenant)).toHaveLength(19);
  });

  it.each(ANY_SPOILT)("drops and replays nothing on an answer that %s", async (_name, spoil) => {
    const { tenant, producer } = newIdentity();
    const batch = buildLoggedBatch({ tenant, producer, records: messages(1) });
    const letter = deadLetterOf("elasticsearch", { batch, logged: batch.records[0]!, reason: "test", detail: "" });
    await store.store([batch]);
    await store.firstDaySeen();
    const calls: [path: RegExp, call: () => Promise<unknown>][] = [
      [/^\/_resolve\//, () => store.retention.keepFrom(first, signal)],
      [/-state\/_doc\//, () => store.sink.store([batch], noDeadLetters, signal)],
      [/-\d{8}\/_doc\//, () => store.replay.replay(listedLetter(letter), signal)],
    ];
    for (const [path, call] of calls) {
      proxy.spoil = (answer, asked) => (path.test(asked) ? spoil(answer) : answer);
      await expect(call(), String(path)).rejects.toMatchObject({ kind: "store_unavailable" });
    }
    proxy.spoil = (answer) => answer;
    expect(await store.retention.keepFrom(first, signal)).toEqual({ firstDay: 10, dropped: [] });
    expect(await store.replay.replay(listedLetter(letter), signal)).toEqual({ is: "already_stored" });
    expect(await store.stored(tenant)).toHaveLength(1);
  });

  it.each(ANY_SPOILT)("finds and counts nothing in an answer that %s, and asks again first", async (_name, spoil) => {
    const { tenant, producer } = newIdentity();
    await store.store([buildLoggedBatch({ tenant, producer, records: messages(1) })]);
    const sleeps: number[] = [];
    const clock = { ...store.settings.clock, sleep: async (ms: number) => void sleeps.push(ms) };
    const settings = { ...store.settings, clock };
    const [search, aggregates] = [new ElasticsearchLogSearch(settings), new ElasticsearchLogAggregates(settings)];
    const query = recordQuery(tenant);
    const calls = [
      () => search.search(query, searchPage(), signal),
      () => aggregates.timeSpan(query, signal),
      () => aggregates.histogram(query, 1_000_000n, signal),
      () => aggregates.facets(query, [{ kind: "level" }], 10, signal),
    ];
    proxy.spoil = (answer, path) => (path.includes("/_search") ? spoil(answer) : answer);
    for (const call of calls) {
      sleeps.length = 0;
      await expect(call()).rejects.toMatchObject({ kind: "store_unavailable" });
      expect(sleeps.length).toBeGreaterThanOrEqual(STORE_ATTEMPTS_MAX - 1); // Of each search, of which a span takes two.
    }
    let spoilt = 0;
    proxy.spoil = (answer) => (spoilt++ === 0 ? spoil(answer) : answer);
    expect((await search.search(query, searchPage(), signal)).records).toHaveLength(1);
    await Promise.all([search.close(), aggregates.close()]);
  });

  it.each([
    { size: 8, tooLong: 0, found: [0, 1, 2, 3, 4], isCut: false },
    { size: 12, tooLong: 1, found: [0, 1, 2, 3, 4], isCut: false },
    { size: 5, tooLong: 1, found: [0, 1, 2], isCut: true },
    { size: 8, tooLong: 1, found: [0, 1, 2, 3], isCut: true },
    { size: 8, tooLong: 2, found: [0, 1], isCut: true },
    { size: 8, tooLong: 3, found: [0], isCut: true },
    { size: 16, tooLong: 2, found: [0, 1, 2, 3], isCut: true },
  ])("finds the first records where $tooLong answers to $size would be too long", async ({ size, ...expected }) => {
    const { tenant, producer } = newIdentity();
    await store.store([buildLoggedBatch({ tenant, producer, records: messages(5) })]);
    let left = expected.tooLong;
    proxy.spoil = (answer) => (left-- > 0 ? { ...answer, body: " ".repeat(SEARCH_ANSWER_BYTES_MAX + 1) } : answer);
    const page = searchPage({ size, order: "oldest_first" });
    const found = await store.search.search(recordQuery(tenant), page, signal);
    expect(found).toMatchObject({ isPartial: false, isCut: expected.isCut });
    expect(found.records.map(({ seq }) => seq)).toEqual(expected.found);
    // The next ones stand behind the last.
    const after = sortKeyOf(found.records.at(-1)!);
    const rest = await store.search.search(recordQuery(tenant), { ...page, after }, signal);
    expect([...expected.found, ...rest.records.map(({ seq }) => seq)]).toEqual([0, 1, 2, 3, 4]);
  });

  it("sends only those items again for which the store was too busy", async () => {
    const { tenant, producer } = newIdentity();
    const records = [...messages(10), store.harness.refusedRecord];
    const batch = buildLoggedBatch({ tenant, producer, records, rejected: [7] });
    const turns = new Map<string, number>();
    proxy.isBusy = (item) => {
      const seq = /-(\d+)"}/.exec(item)![1]!;
      turns.set(seq, (turns.get(seq) ?? 0) + 1);
      return (seq === "3" && turns.get(seq)! <= 2) || (seq === "7" && turns.get(seq)! <= 1);
    };
    const deadLetters = new KeptLetters();
    const expected = counts({ stored: 9, rejected: 1, deadLettered: 1 });
    expect(await store.sink.store([batch], deadLetters, signal)).toEqual(expected);
    expect(proxy.bulkSizes).toEqual([11, 2, 1]);
    expect(deadLetters.letters).toHaveLength(1);
    expect(await store.stored(tenant)).toHaveLength(9);
  });

  it("gives up what stays too busy, and holds up no other call meanwhile", async () => {
    const [stuck, other] = [newIdentity(), newIdentity()].map((identity) =>
      buildLoggedBatch({ ...identity, records: messages(5) }),
    );
    proxy.isBusy = (item) => item.includes(`${stuck!.producer}-4`);
    const given = store.sink.store([stuck!], noDeadLetters, signal);
    expect(await store.sink.store([other!], noDeadLetters, signal)).toEqual(counts({ stored: 5 }));
    await expect(given).rejects.toMatchObject({ kind: "store_unavailable" });
    expect(proxy.bulkSizes.sort()).toEqual([...Array(STORE_ATTEMPTS_MAX - 1).fill(1), 5, 5]);
    proxy.isBusy = () => false;
    expect(await store.sink.store([stuck!], noDeadLetters, signal)).toEqual(counts({ stored: 1, duplicate: 4 }));
  });
});

function itemsOf(answer: Answer): unknown[] {
  return JSON.parse(answer.body).items;
}
