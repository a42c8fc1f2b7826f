import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { buildLoggedBatch } from "../../ports/build-logged-batch.ts";
import { counts, messages, newTenant, noDeadLetters, producerOfDay } from "../../ports/contract-batches.ts";
import { retentionContract } from "../../ports/retention.contract.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";
import { indexName } from "./index-template.ts";
import { ElasticsearchLogSink } from "./log-sink.ts";

const servers = realServers();

describe.runIf(servers)("with a real server", () => {
  retentionContract("elasticsearch", async () => new StoreForTests(servers!.elasticsearchUrl).harness);
});

describe.runIf(servers)("the retention of Elasticsearch on a real server", () => {
  const signal = AbortSignal.timeout(600_000);
  const today = Math.floor(Date.now() / 86_400_000);
  let store: StoreForTests;
  let prefix: string;

  beforeAll(async () => {
    store = new StoreForTests(servers!.elasticsearchUrl);
    prefix = store.settings.indexPrefix;
  });
  afterAll(() => store?.close());

  const keepFrom = (day: number) => store.retention.keepFrom({ records: day, rollups: day }, signal);
  const batchOf = (day: number) =>
    buildLoggedBatch({ tenant: newTenant(), producer: producerOfDay(day), records: messages(2) });
  const put = (day: number, sink = store.sink) => sink.store([batchOf(day)], noDeadLetters, signal);

  it("comes before anything is prepared, and from several processes at once", async () => {
    const all = await Promise.all([1, 2, 3, 4, 5].map((later) => keepFrom(today - 100 + later)));
    expect(Math.max(...all.map(({ firstDay }) => firstDay))).toBe(today - 95);
    expect(await keepFrom(today - 99)).toEqual({ firstDay: today - 95, dropped: [] });
    await store.sink.prepare();
    expect(await keepFrom(today - 99)).toEqual({ firstDay: today - 95, dropped: [] });
  });

  it("is known to a sink from its first batch on, to others within seconds", async () => {
    await keepFrom(today - 80);
    const restarted = new ElasticsearchLogSink(store.settings);
    expect(await put(today - 81, restarted)).toEqual(counts({ expired: 2 }));
    await restarted.close();
    await keepFrom(today - 70);
    // What it stores until it asks again goes with the next run.
    const before = await put(today - 71);
    await store.firstDaySeen();
    expect(await put(today - 71)).toEqual(counts({ expired: 2 }));
    expect((await keepFrom(today - 70)).dropped).toEqual(before.stored > 0 ? [today - 71] : []);
  });

  it("deletes daily indices of its own prefix only, closed ones too", async () => {
    const day = today - 60;
    const others = [`${prefix}-x-20200101`, `${prefix}x-20200101`, `${prefix}-2020`, `${prefix}-20209999`];
    await Promise.all(others.map((index) => store.client.indices.create({ index })));
    for (const old of [day - 2, day - 1]) await put(old);
    await store.client.indices.close({ index: indexName(prefix, day - 1) });
    expect((await keepFrom(day)).dropped).toEqual([day - 2, day - 1]);
    const left = await Promise.all(others.map((index) => store.client.indices.exists({ index })));
    expect(left).toEqual(others.map(() => true));
    await store.client.indices.delete({ index: others });
  });

  it("leaves its state alone where searches and patterns look", async () => {
    const { count } = await store.client.count({ index: `${prefix}-*`, query: { exists: { field: "first_day" } } });
    expect(count).toBe(0);
  });
});
