import { describe, expect, it } from "vitest";
import { buildLoggedBatch, newProducer } from "../../ports/build-logged-batch.ts";
import { type BulkItem, bulkBatch, bulkItem, bulksOf, rejectedItems } from "./bulk.ts";
import { BulkBody } from "./bulk-body.ts";
import { checkIndexPrefix, dayOfIndex, indexName } from "./index-template.ts";

const may17 = Date.UTC(2015, 4, 17, 23, 59, 59, 999);

describe("a record's lines", () => {
  it("name index and identity, and are two whatever is in the record", () => {
    const producer = newProducer(may17);
    const records = [{ message: 'a\\nb\n"\u2028\r' }];
    const batch = buildLoggedBatch({ tenant: 'te"nant', producer, firstSeq: 5, records });
    const { lines } = bulkItem(bulkBatch("logs", batch), batch.records[0]!);
    const [action, document, rest] = lines.split("\n");
    expect(JSON.parse(action!)).toEqual({ create: { _index: "logs-20150517", _id: `te"nant/${producer}-5` } });
    expect(JSON.parse(document!)).toMatchObject({ message: records[0]!.message, seq: 5 });
    expect(rest).toBe("");
  });
});

describe("a record whose lines are made", () => {
  it("is not held decoded while they are on their way", () => {
    const batch = buildLoggedBatch({ tenant: "t", producer: newProducer(may17), records: [{ message: "a" }] });
    const [record] = batch.records;
    expect(record!.isDecoded).toBe(true);
    const { lines } = bulkItem(bulkBatch("logs", batch), record!);
    expect(record!.isDecoded).toBe(false);
    expect(bulkItem(bulkBatch("logs", batch), record!).lines).toBe(lines); // A redelivery makes the same again.
  });
});

describe("the places of rejected records", () => {
  it("are under the records' ids and say so, without anything that a search goes by", () => {
    const producer = newProducer(may17);
    const batch = buildLoggedBatch({ tenant: "t", producer, firstSeq: 5, records: [{}, {}, {}], rejected: [0, 2] });
    const items = rejectedItems(bulkBatch("logs", batch));
    expect(
      items.map(({ lines }) =>
        lines
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      ),
    ).toEqual(
      [5, 7].map((seq) => [
        { create: { _index: "logs-20150517", _id: `t/${producer}-${seq}` } },
        { settled: "rejected" },
      ]),
    );
    expect(rejectedItems(bulkBatch("logs", buildLoggedBatch({ tenant: "t", producer, records: [{}] })))).toEqual([]);
  });
});

describe("bulksOf", () => {
  const items = ["abcd", "efghij", "k", "l".repeat(20), "m\u00fcm\u00fcm\u00fcm", "n"].map((lines, seq) => {
    return { lines, logged: { seq } } as BulkItem;
  });

  it("keeps the order and the bound; what is longer goes alone", () => {
    const body = new BulkBody();
    const bulks = [...bulksOf(items, 10, body)].map((bulk) => bulk.map(({ logged }) => logged!.seq));
    expect(bulks).toEqual([[0, 1], [2], [3], [4], [5]]);
    expect([...bulksOf([], 10, body)]).toEqual([]);
  });

  it("has each bulk's lines in the body, all or some", () => {
    const body = new BulkBody();
    const texts: string[] = [];
    for (const bulk of bulksOf(items, 10, body)) {
      const all = bulk.map((_, index) => index);
      texts.push(body.of(all).toString());
      expect([body.count, body.length]).toEqual([bulk.length, Buffer.byteLength(texts.at(-1)!)]);
      if (bulk.length > 1) expect(body.of([1]).toString()).toBe("efghij");
    }
    expect(texts).toEqual(["abcdefghij", "k", "l".repeat(20), "m\u00fcm\u00fcm\u00fcm", "n"]);
  });

  it("grows as far as it must, and keeps what it has", () => {
    const body = new BulkBody();
    const pieces = Array.from({ length: 100 }, (_, index) => String.fromCodePoint(97 + (index % 26)).repeat(9_999));
    for (const piece of pieces) body.add(piece, piece.length);
    expect(body.of(pieces.map((_, index) => index)).toString()).toBe(pieces.join(""));
    expect(body.of([99, 1]).toString()).toBe(pieces[99]! + pieces[1]!);
    expect(body.capacity).toBeLessThan(2 * body.length + 1);
  });
});

describe("index names", () => {
  it("have the producer's UTC day", () => {
    expect(indexName("logs", Math.floor(may17 / 86_400_000))).toBe("logs-20150517");
    expect(indexName("logs", 0)).toBe("logs-19700101");
    expect(() => indexName("logs", 400_000)).toThrow(RangeError);
  });

  it("are read back, and no other name is taken for one", () => {
    for (const day of [0, 1, 16_572, 20_000, 376_199]) expect(dayOfIndex("logs", indexName("logs", day))).toBe(day);
    const others = ["logs-20150230", "logs-20151301", "logs-2015", "logs-state", "log-20150517", "logs-x-20150517"];
    for (const name of [...others, "logs-201505170", "xlogs-20150517", "logs-30000101", ""]) {
      expect(dayOfIndex("logs", name)).toBeUndefined();
    }
  });

  it("have a prefix that reaches no other index", () => {
    for (const prefix of ["logpulse-records", "a", "x_1"]) checkIndexPrefix(prefix);
    for (const prefix of ["", "*", "a,b", "A", "-a", "_all", "a*", "a/b", "1a", ".a", "é", "a".repeat(65)]) {
      expect(() => checkIndexPrefix(prefix)).toThrow("index prefix");
    }
  });
});
