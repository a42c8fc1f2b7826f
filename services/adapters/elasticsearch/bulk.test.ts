import { describe, expect, it } from "vitest";
import { buildLoggedBatch, newProducer } from "../../ports/build-logged-batch.ts";
import { NO_COUNTS } from "../../ports/log-sink.ts";
import { type BulkItem, bulkBatch, bulkItem, bulksOf } from "./bulk.ts";
import { checkIndexPrefix, indexName } from "./index-template.ts";
import { ElasticsearchLogSink } from "./log-sink.ts";

const may17 = Date.UTC(2015, 4, 17, 23, 59, 59, 999);

describe("a record's lines", () => {
  it("name index and identity, and are two whatever is in the record", () => {
    const producer = newProducer(may17);
    const records = [{ message: 'a\\nb\n"\u2028\r' }];
    const batch = buildLoggedBatch({ tenant: 'te"nant', producer, firstSeq: 5, records });
    const { lines, bytes } = bulkItem(bulkBatch("logs", batch), batch.records[0]!);
    const [action, document, rest] = lines.split("\n");
    expect(JSON.parse(action!)).toEqual({ create: { _index: "logs-20150517", _id: `te"nant/${producer}-5` } });
    expect(JSON.parse(document!)).toMatchObject({ message: records[0]!.message, seq: 5 });
    expect(rest).toBe("");
    expect(bytes).toBe(Buffer.byteLength(lines));
  });
});

describe("bulksOf", () => {
  const items = [4, 6, 1, 20, 10, 1].map((bytes) => ({ bytes }) as BulkItem);

  it("keeps the order and the bound; what is longer goes alone", () => {
    const bulks = [...bulksOf(items, 10)].map((bulk) => bulk.map(({ bytes }) => bytes));
    expect(bulks).toEqual([[4, 6], [1], [20], [10], [1]]);
    expect([...bulksOf([], 10)]).toEqual([]);
  });
});

describe("index names", () => {
  it("have the producer's UTC day", () => {
    expect(indexName("logs", Math.floor(may17 / 86_400_000))).toBe("logs-20150517");
    expect(indexName("logs", 0)).toBe("logs-19700101");
    expect(() => indexName("logs", 400_000)).toThrow(RangeError);
  });

  it("have a prefix that reaches no other index", () => {
    for (const prefix of ["logpulse-records", "a", "x_1"]) checkIndexPrefix(prefix);
    for (const prefix of ["", "*", "a,b", "A", "-a", "_all", "a*", "a/b", "1a", ".a", "é", "a".repeat(65)]) {
      expect(() => checkIndexPrefix(prefix)).toThrow("index prefix");
    }
  });
});

it("keeps records that can have no document as dead letters, without asking the server", async () => {
  const sink = new ElasticsearchLogSink({
    url: "http://127.0.0.1:9",
    indexPrefix: "logs",
    replicas: 0,
    clock: { nowMs: () => 0, sleep: async () => {} },
    random: () => 0,
  });
  const far = buildLoggedBatch({ tenant: "default", producer: "f".repeat(32), records: [{ message: "a" }, {}] });
  const letters: string[] = [];
  const deadLetters = {
    keep: async (kept: readonly { reason: string; detail: string }[]) => {
      letters.push(...kept.map(({ reason, detail }) => `${reason}: ${detail}`));
    },
  };
  expect(await sink.store([far], deadLetters, AbortSignal.timeout(1_000))).toEqual({ ...NO_COUNTS, deadLettered: 2 });
  expect(letters[0]).toMatch(/^no_document: the producer id is of day \d+/);
  await sink.close();
});
