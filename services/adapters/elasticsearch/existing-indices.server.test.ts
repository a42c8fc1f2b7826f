import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import type { Condition } from "../../domain/condition.ts";
import { any, anywhere, hasText, not, text } from "../../domain/conditions.fixture.ts";
import { buildLoggedBatch, type RecordToBuild } from "../../ports/build-logged-batch.ts";
import { newTenant, producerOfDay } from "../../ports/contract-batches.ts";
import { recordQuery, searchPage } from "../../ports/log-search.fixture.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";
import { indexName } from "./index-template.ts";
import { OLD_MAPPINGS, oldDocuments, oldTemplate } from "./old-index-template.fixture.ts";

const servers = realServers();

const AGENT = { userAgent: "curl/8", referer: "http://a/", protocol: "HTTP/2" };
const OLD_GET = { message: "old get", http: { method: "GET", status: 200, ...AGENT } };
const OLD_POST = { message: "old post", http: { method: "Post", status: 200, ...AGENT } };
const NEW_GET = { message: "new get", http: { method: "get", status: 200, ...AGENT } };
const NEW_PUT = { message: "new put", http: { method: "PUT", status: 200, ...AGENT } };
const NEW_NONE = { message: "new none" };

const FOUND: [string, Condition, string[]][] = [
  ["method:get", text("method", "get"), ["old get", "new get"]],
  ["-method:GET", not(text("method", "GET")), ["old post", "new put", "new none"]],
  ["method:po*", text("method", "po", "prefix"), ["old post"]],
  ["method:P*", text("method", "P", "prefix"), ["old post", "new put"]],
  ["-method:p*", not(text("method", "p", "prefix")), ["old get", "new get", "new none"]],
  ["method:~OS", text("method", "OS", "contains"), ["old post"]],
  ["-method:~e", not(text("method", "e", "contains")), ["old post", "new put", "new none"]],
  ["method:*", hasText("method"), ["old get", "old post", "new get", "new put"]],
  ["agent:curl/8", text("user_agent", "curl/8"), ["new get", "new put"]],
  ["agent:curl*", text("user_agent", "curl", "prefix"), ["new get", "new put"]],
  ["agent:~url", text("user_agent", "url", "contains"), ["new get", "new put"]],
  ["agent:wget", text("user_agent", "wget"), []],
  ["referer:http://a/", text("referer", "http://a/"), ["new get", "new put"]],
  ["protocol:*", hasText("protocol"), ["new get", "new put"]],
  [
    "agent:curl/8 or old",
    any(text("user_agent", "curl/8"), anywhere("old")),
    ["old get", "old post", "new get", "new put"],
  ],
];

const TEXT_FACETS = (["user_agent", "referer", "protocol", "method"] as const).map(
  (field) => ({ kind: "text", field }) as const,
);

describe.runIf(servers)("indices of an earlier version", () => {
  const signal = AbortSignal.timeout(600_000);
  const today = Math.floor(Date.now() / 86_400_000);
  const tenant = newTenant();
  let store: StoreForTests;

  beforeAll(async () => {
    store = new StoreForTests(servers!.elasticsearchUrl);
    const { indexPrefix } = store.settings;
    await store.client.indices.putIndexTemplate({ name: indexPrefix, ...oldTemplate(indexPrefix) });
    await putOld(today - 1, OLD_GET);
    await putOld(today, OLD_POST);
    await store.client.indices.create({ index: indexName(indexPrefix, today - 2) });
    await store.client.indices.close({ index: indexName(indexPrefix, today - 2) });
  });
  afterAll(() => store?.close());

  async function putOld(day: number, record: RecordToBuild) {
    const index = indexName(store.settings.indexPrefix, day);
    const batch = buildLoggedBatch({ tenant, producer: producerOfDay(day), records: [record] });
    for (const [id, document] of oldDocuments(batch)) await store.client.index({ index, id, document, refresh: true });
  }

  const newBatch = (day: number, ...records: RecordToBuild[]) =>
    buildLoggedBatch({ tenant, producer: producerOfDay(day), records });

  async function found(condition: Condition): Promise<string[]> {
    const { records } = await store.search.search(recordQuery(tenant, condition), searchPage(), signal);
    return records.map(({ record }) => record.message).sort();
  }

  it("fail no question before a worker of this version came", async () => {
    for (const [, condition, messages] of FOUND) {
      expect(await found(condition)).toEqual(messages.filter((message) => message.startsWith("old")).sort());
    }
    const facets = await store.aggregates.facets(recordQuery(tenant), TEXT_FACETS, 10, signal);
    expect(facets.map(({ values }) => values.length)).toEqual([0, 0, 0, 2]);
  });

  describe("once a worker of this version came", () => {
    beforeAll(async () => {
      await Promise.all([store.sink.prepare(), store.sink.prepare()]);
      await store.store([newBatch(today, NEW_GET, NEW_NONE), newBatch(today + 1, NEW_PUT)]);
    });

    it.each(FOUND)("answer %s for documents of before and of now", async (_name, condition, messages) => {
      expect(await found(condition)).toEqual([...messages].sort());
    });

    it("count the agents of new documents, and the methods of all", async () => {
      const facets = await store.aggregates.facets(recordQuery(tenant), TEXT_FACETS, 10, signal);
      expect(facets.map(({ values }) => values.map(({ value, count }) => `${value} ${count}`))).toEqual([
        ["curl/8 2"],
        ["http://a/ 2"],
        ["HTTP/2 2"],
        ["GET 1", "PUT 1", "Post 1", "get 1"],
      ]);
    });

    it("give back the documents of before as they were", async () => {
      const all = await store.stored(tenant);
      const old = all.find(({ record }) => record.message === OLD_GET.message);
      expect(old?.record.http).toMatchObject(OLD_GET.http);
    });

    it("have the new fields also where they were closed", async () => {
      expect(await laterFields(store, today - 2)).toEqual(["method_lower", "protocol", "referer", "user_agent"]);
    });
  });
});

describe.runIf(servers)("indices that cannot have the new fields", () => {
  let store: StoreForTests;

  beforeEach(() => {
    store = new StoreForTests(servers!.elasticsearchUrl);
  });
  afterEach(() => store.close());

  const create = (day: number, mappings: object) =>
    store.client.indices.create({ index: indexName(store.settings.indexPrefix, day), mappings });

  const block = (day: number, settings: object) =>
    store.client.indices.putSettings({ index: indexName(store.settings.indexPrefix, day), settings });

  it.each([
    ["an object is a text", { properties: { http: { type: "keyword" } } }],
    ["a text is another", { properties: { http: { properties: { user_agent: { type: "keyword" } } } } }],
  ])("are named in the error where %s, and hold up no other", async (_name, mappings) => {
    for (const day of [1, 3]) await create(day, OLD_MAPPINGS);
    await create(2, mappings);
    await expect(store.sink.prepare()).rejects.toMatchObject({
      kind: "store_unavailable",
      message: expect.stringContaining(`the index ${store.settings.indexPrefix}-19700103 has other fields`),
      metadata: { index: `${store.settings.indexPrefix}-19700103` },
    });
    for (const day of [1, 3]) expect(await laterFields(store, day)).toHaveLength(4);
  });

  it("are let be where they are read-only", async () => {
    for (const day of [1, 2]) await create(day, OLD_MAPPINGS);
    await block(1, { "index.blocks.read_only": true });
    await store.sink.prepare();
    await block(1, { "index.blocks.read_only": null });
    expect([await laterFields(store, 1), await laterFields(store, 2)]).toEqual([
      [],
      expect.objectContaining({ length: 4 }),
    ]);
  });

  it("are not those of a full disk", async () => {
    await create(1, OLD_MAPPINGS);
    await block(1, { "index.blocks.read_only_allow_delete": true });
    await store.sink.prepare();
    expect(await laterFields(store, 1)).toHaveLength(4);
  });
});

/** Which of the fields that came later a day's index has. */
async function laterFields({ client, settings }: StoreForTests, day: number): Promise<string[]> {
  const index = indexName(settings.indexPrefix, day);
  const answer = await client.indices.getMapping({ index });
  const http = answer[index]!.mappings.properties!.http as {
    properties: Record<string, { fields?: object; type: string }>;
  };
  const isLater = ([name, { fields }]: [string, { fields?: object }]) =>
    name === "method_lower" || fields !== undefined;
  return Object.entries(http.properties)
    .filter(isLater)
    .map(([name]) => name)
    .sort();
}
