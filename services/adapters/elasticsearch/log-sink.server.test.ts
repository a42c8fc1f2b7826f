import type { JsonObject } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { buildLoggedBatch, type RecordToBuild } from "../../ports/build-logged-batch.ts";
import { counts, KeptLetters, messages, newIdentity, newTenant } from "../../ports/contract-batches.ts";
import { logSinkContract } from "../../ports/log-sink.contract.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";
import { indexPatterns } from "./index-template.ts";

const servers = realServers();

describe.runIf(servers)("with a real server", () => {
  logSinkContract("elasticsearch", async () => new StoreForTests(servers!.elasticsearchUrl).harness);
});

describe.runIf(servers)("the Elasticsearch sink on a real server", () => {
  const signal = AbortSignal.timeout(600_000);
  let store: StoreForTests;

  beforeAll(async () => {
    store = new StoreForTests(servers!.elasticsearchUrl);
    await store.sink.prepare();
  });
  afterAll(() => store?.close());

  it("keeps records that can have no document as dead letters", async () => {
    const far = { tenant: newTenant(), producer: "f".repeat(32) };
    const batch = buildLoggedBatch({ ...far, records: messages(3), rejected: [1] });
    const deadLetters = new KeptLetters();
    expect(await store.sink.store([batch], deadLetters, signal)).toEqual(counts({ deadLettered: 2, rejected: 1 }));
    expect(deadLetters.letters[0]).toMatchObject({
      reason: "no_document",
      detail: expect.stringMatching(/^the producer id is of day \d+/),
    });
  });

  it("stores what a mapping could refuse, among neighbours", async () => {
    const { tenant, producer } = newIdentity();
    const long = "x".repeat(40_000);
    const nested = (depth: number): JsonObject => (depth === 0 ? { end: true } : { k: nested(depth - 1) });
    const records: RecordToBuild[] = [
      { message: "a number", attributes: { field: 1 } },
      { message: "text where a number was", attributes: { field: "one", status: "not a number" } },
      { message: "an object where both were", attributes: { field: { time: "no time", field: [1, "two", {}] } } },
      { message: "a long term", service: long, severityText: long, attributes: { long }, http: { path: long } },
      { message: "long keys", attributes: { [long]: { [long]: 1 } } },
      {
        message: "2,000 fields",
        attributes: Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`field_${index}`, index])),
      },
      { message: "30 levels", attributes: nested(30) },
      {
        message: "names of ours",
        attributes: { _id: "x", tenant: "y", settled: "rejected", "a..b": 1, ".": 2, "": 3 },
      },
      { message: "a status beyond all", http: { status: 2_147_483_647, responseBytes: -1n } },
    ];
    const batch = buildLoggedBatch({ tenant, producer, records });
    await store.store([batch]);
    const stored = (await store.stored(tenant)).sort((a, b) => a.seq - b.seq);
    expect(stored.map(({ record }) => record)).toEqual(batch.records.map(({ record }) => record));
  });

  it("marks the place of a rejected record so that nobody takes it for one", async () => {
    const { tenant, producer } = newIdentity();
    await store.store([buildLoggedBatch({ tenant, producer, records: messages(3), rejected: [1] })]);
    expect((await store.stored(tenant)).map(({ seq }) => seq).sort()).toEqual([0, 2]);
    const index = indexPatterns(store.settings.indexPrefix);
    const query = { bool: { must: [{ ids: { values: [0, 1, 2].map((seq) => `${tenant}/${producer}-${seq}`) } }] } };
    const settled = { exists: { field: "settled" } };
    const { hits } = await store.client.search({ index, query: { bool: { ...query.bool, filter: [settled] } } });
    expect(hits.hits.map(({ _id, _source }) => [_id, _source])).toEqual([
      [`${tenant}/${producer}-1`, { settled: "rejected" }],
    ]);
    const { count } = await store.client.count({ index, query: { bool: { ...query.bool, must_not: [settled] } } });
    expect(count).toBe(2);
  });
});
