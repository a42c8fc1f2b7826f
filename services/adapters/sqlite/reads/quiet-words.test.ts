import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Condition } from "../../../domain/condition.ts";
import { all, any, atLeast, not, phrase, wordPrefix } from "../../../domain/conditions.fixture.ts";
import { recordQuery, searchPage } from "../../../ports/log-search.fixture.ts";
import { storeManyRecords } from "../store/many-records.fixture.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";

const COUNT = 300_000;
const LATE_MS = 3_000; // Half of what one of many phrases took when nothing bounded it.
const TIMEOUT = { timeout: 60_000 };
const patient = AbortSignal.timeout(600_000);
const MESSAGE = "one two three four five";

/** Words that all records have, in no order in which they stand: the index goes through all that it has, and is quiet. */
function quietPhrases(): Condition[] {
  const words = MESSAGE.split(" ");
  const triples = words.flatMap((a) => words.flatMap((b) => words.map((c) => `${a} ${b} ${c}`)));
  return triples.filter((triple) => !MESSAGE.includes(triple)).map((triple) => phrase(triple));
}

describe("a search for common words that do not stand together", () => {
  let store: StoreToRead;
  let tenant: string;
  beforeEach(async () => {
    store = await makeStoreToRead({ threads: 1, lateMsMax: LATE_MS });
    const many = storeManyRecords(store.tables, COUNT);
    tenant = many.tenant;
    store.tables.transaction((database) =>
      database.exec(
        `INSERT INTO words_${many.day} (rowid, message, labels) SELECT id, '${MESSAGE}', 'many INFO' FROM records_${many.day}`,
      ),
    );
    await store.reads.countLetters({ tenant }, patient); // The thread has begun.
  });
  afterEach(() => store.close());

  it.each<[name: string, condition: Condition]>([
    ["one of many phrases", any(...quietPhrases().slice(0, 85))],
    ["one of many phrases, or a number", any(...quietPhrases().slice(0, 85), atLeast("status", 900n))],
    ["all of many phrases", all(...quietPhrases().slice(0, 85))],
    ["a number, and none of many phrases", all(atLeast("status", 900n), ...quietPhrases().slice(0, 85).map(not))],
    ["a phrase of many words", phrase(Array(256).fill("one").join(" "))],
    ["one of many beginnings", any(...Array.from({ length: 250 }, (_, index) => wordPrefix("otf"[index % 3]!)))],
  ])("ends in its time, and the thread answers the next one: %s", TIMEOUT, async (_, condition) => {
    await store.reads
      .search(recordQuery(tenant, condition), searchPage({ msMax: 100 }), patient)
      .catch(() => undefined);
    expect(await store.reads.countLetters({ tenant }, patient)).toBe(0);
    expect(store.told.deaths).toEqual([]); // No thread was late.
  });
});
