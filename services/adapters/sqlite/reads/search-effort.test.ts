import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { severityRangeOfWord } from "../../../domain/severity.ts";
import { logQuery } from "../../../ports/log-search.fixture.ts";
import type { LogQuery } from "../../../ports/log-search.ts";
import { type ManyRecords, storeManyRecords } from "../store/many-records.fixture.ts";
import { makeTestFile, type TestFile } from "../store/store-rows.fixture.ts";
import { StoreTables } from "../store/store-tables.ts";
import { searchPage } from "./log-search.ts";
import { monotonicMs, ReadBound } from "./read-bound.ts";
import { ReadConnection } from "./read-connection.ts";
import { WORD_PLAN } from "./word-search.ts";

const COUNT = 100_000;
const SIZE = 50;
const TIME_MS = 60_000;

const level = (text: string) => ({ level: { text, range: severityRangeOfWord(text) } });

/** Counts the rows at which statements have looked. */
class CountingBound extends ReadBound {
  count = 0;
  override look(): void {
    this.count++;
    super.look();
  }
}

describe("a page of a search", () => {
  let file: TestFile;
  let many: ManyRecords;
  let connection: ReadConnection;

  beforeAll(() => {
    file = makeTestFile();
    const tables = new StoreTables(file.database);
    tables.create();
    many = storeManyRecords(tables, COUNT, { words: true });
    connection = new ReadConnection(file.path);
  });
  afterAll(() => {
    connection?.close();
    file?.remove();
  });

  it.each<[name: string, found: number, rowsMax: number, conditions: Partial<LogQuery>]>([
    ["without conditions", SIZE, 3 * SIZE, {}],
    ["of a word in every record", SIZE, WORD_PLAN.fewMatchesMax + 3_000, { words: ["common"] }],
    ["of a word in few records", COUNT / 10_000, 100, { words: ["rare"] }],
    ["of both", COUNT / 10_000, 100, { words: ["rare", "common"] }],
    ["of a word in no record", 0, 10, { words: ["absent"] }],
    ["of a service in every record", SIZE, WORD_PLAN.fewMatchesMax + 3_000, { service: "many" }],
    ["of a service in no record", 0, 10, { service: "absent" }],
    ["of a level in every record", SIZE, WORD_PLAN.fewMatchesMax + 3_000, level("info")],
    ["of a level in no record", 0, 10, level("fatal")],
    ["of a short time", 10, 30, { startNanos: 3_599_960_000_000n, endNanos: 3_599_960_010_000n }],
    ["of a time without records", 0, 10, { endNanos: 3_400_000_000_000n }],
  ])("%s looks at few rows, the first one and a deep one", (_, found, rowsMax, conditions) => {
    const deep = { timeNanos: 3_599_950_000_000n, producer: many.producer, seq: 1 };
    for (const after of [undefined, deep]) {
      const bound = new CountingBound({ msMax: TIME_MS, endMs: monotonicMs() + TIME_MS }, () => false);
      const query = logQuery(many.tenant, conditions);
      const { records } = connection.read(bound, (reader) => searchPage(reader, query, SIZE, after));
      if (after === undefined) expect(records).toHaveLength(found);
      expect(bound.count).toBeLessThanOrEqual(rowsMax);
    }
  });
});
