import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Condition } from "../../../domain/condition.ts";
import { all, any, attribute, level, not, text, words } from "../../../domain/conditions.fixture.ts";
import { recordQuery } from "../../../ports/log-search.fixture.ts";
import type { RecordQuery } from "../../../ports/record-query.ts";
import { type ManyRecords, storeManyRecords } from "../store/many-records.fixture.ts";
import { makeTestFile, type TestFile } from "../store/store-rows.fixture.ts";
import { StoreTables } from "../store/store-tables.ts";
import { WORD_PLAN } from "./day-search.ts";
import { searchPage } from "./log-search.ts";
import { monotonicMs, ReadBound } from "./read-bound.ts";
import { ReadConnection } from "./read-connection.ts";

const COUNT = 100_000;
const SIZE = 50;
const TIME_MS = 60_000;

/** Counts the rows at which statements have looked. */
class CountingBound extends ReadBound {
  count = 0;
  recordsRead = 0;
  override look(): void {
    this.count++;
    super.look();
  }
  override lookAtBytes(bytes: number): void {
    this.recordsRead++;
    super.lookAtBytes(bytes);
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

  const MANY_MAX = WORD_PLAN.fewMatchesMax + 3_000;
  const CASES: [name: string, found: number, rowsMax: number, condition?: Condition, times?: Partial<RecordQuery>][] = [
    ["without conditions", SIZE, 3 * SIZE],
    ["of a word in every record", SIZE, MANY_MAX, words("common")],
    ["of a word in few records", COUNT / 10_000, 100, words("rare")],
    ["of both", COUNT / 10_000, 100, words("rare common")],
    ["of one of both", SIZE, MANY_MAX, any(words("rare"), words("common"))],
    ["of a word in no record", 0, 10, words("absent")],
    ["of all words but a rare one", SIZE, MANY_MAX, not(words("rare"))],
    ["of a common word without a rare one", SIZE, MANY_MAX, all(words("common"), not(words("rare")))],
    ["of a rare word without a common one", 0, 100, all(words("rare"), not(words("common")))],
    ["of a rare word, or of a service in no record", 10, 100, any(words("rare"), text("service", "absent"))],
    ["of a service in every record", SIZE, MANY_MAX, text("service", "many")],
    ["of a service in no record", 0, 10, text("service", "absent")],
    ["of a level in every record", SIZE, MANY_MAX, level("info")],
    ["of a level in no record", 0, 10, level("fatal")],
    ["of a trace id in no record", 0, 10, text("trace_id", "absent")],
    ["of an attribute in no record", 0, 10, attribute("user.id", "absent")],
    ["of a short time", 10, 30, all(), { startNanos: 3_599_960_000_000n, endNanos: 3_599_960_010_000n }],
    ["of a time without records", 0, 10, all(), { endNanos: 3_400_000_000_000n }],
  ];
  const PLACES = (["newest_first", "oldest_first"] as const).flatMap((order) =>
    [undefined, 3_599_950_000_000n].map((after) => ({ order, after })),
  );

  it.each(CASES)("%s looks at few rows, the first one and a deep one", (_, found, rowsMax, condition, times) => {
    for (const { order, after } of PLACES) {
      const place = after === undefined ? undefined : { timeNanos: after, producer: many.producer, seq: 1 };
      const time = { msMax: TIME_MS, endMs: monotonicMs() + TIME_MS, isCostly: false };
      const bound = new CountingBound(time, () => false);
      const query = recordQuery(many.tenant, condition, times);
      const page = { size: SIZE, order, after: place };
      const { records } = connection.read(bound, (reader) => searchPage(reader, query, page));
      if (after === undefined) expect(records).toHaveLength(found);
      expect(bound.count).toBeLessThanOrEqual(rowsMax);
    }
  });

  it.each<[condition: string, other: Condition, recordsReadMax: number]>([
    ["a column that no record meets", text("path", "/absent", "contains"), 0],
    ["a column that every record meets", text("path", "/"), SIZE + 1],
    ["a word that no record has", words("absent"), 0],
    ["a word that every record has", words("common"), 2_000],
    ["a word that few have, or none", any(words("absent"), text("path", "/absent")), 0],
    ["a text that stands in no record", text("user_agent", "absent"), 0],
  ])("looks into no record that %s rules out", (_, other, recordsReadMax) => {
    const hasNoSpan = not({ kind: "text", field: "span_id", test: "exists", value: "" });
    const time = { msMax: TIME_MS, endMs: monotonicMs() + TIME_MS, isCostly: false };
    const bound = new CountingBound(time, () => false);
    const page = { size: SIZE, order: "newest_first", after: undefined } as const;
    const query = recordQuery(many.tenant, all(hasNoSpan, other));
    connection.read(bound, (reader) => searchPage(reader, query, page));
    expect(bound.recordsRead).toBeLessThanOrEqual(recordsReadMax);
  });

  it("of one record, by its identity, looks at that alone", () => {
    const time = { msMax: TIME_MS, endMs: monotonicMs() + TIME_MS, isCostly: false };
    const bound = new CountingBound(time, () => false);
    const query = recordQuery(many.tenant, { kind: "identity", producer: many.producer, seq: 77 });
    const page = { size: SIZE, order: "newest_first", after: undefined } as const;
    const { records } = connection.read(bound, (reader) => searchPage(reader, query, page));
    expect(records.map(({ seq }) => seq)).toEqual([77]);
    expect(bound.count).toBeLessThanOrEqual(5);
  });
});
