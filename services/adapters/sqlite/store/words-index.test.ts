import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { wordsOf, wordsToIndex } from "../../../domain/words.ts";
import { HOSTILE_TEXTS } from "../../../ports/hostile-texts.ts";
import { createRecordDay, createStore } from "./store-schema.ts";

const database = new DatabaseSync(":memory:");
createStore(database);
createRecordDay(database, 1);
database.exec("CREATE VIRTUAL TABLE tokens USING fts5vocab(words_1, instance)");
const insert = database.prepare("INSERT INTO words_1 (rowid, message, labels) VALUES (?, ?, ?)");
const tokens = database.prepare("SELECT term FROM tokens WHERE doc = ? AND col = 'message' ORDER BY offset");
let lastId = 0;

/** The words that the index has made of a message. */
function indexed(message: string): unknown[] {
  insert.run(++lastId, wordsToIndex(Buffer.from(message)), "");
  return tokens.all(lastId).map(({ term }) => term);
}

/** Mostly what logs are made of, with long words, quotes, NULs and letters of other scripts between. */
const messages = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.string({ unit: "grapheme-ascii", maxLength: 40 }),
      fc.stringMatching(/^[A-Za-z0-9_]{100,300}$/),
      fc.constantFrom(" ", "\0", "_", "Ä", "ﬁ", "İ", "日本", "e\u0301", "\u2028", '"', "'", "-"),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(""));

describe("the index of words", () => {
  afterAll(() => database.close());

  it("has the words that domain/words.ts cuts, whatever the message is", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(indexed(message.toWellFormed())).toEqual(wordsOf(message.toWellFormed()));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(HOSTILE_TEXTS.map((text) => [text.slice(0, 60), text]))("has those of %j", (_, text) => {
    expect(indexed(text)).toEqual(wordsOf(text));
  });

  it.each([127, 128, 129, 256, 257, 1_000])("cuts a word of %i characters as it does", (length) => {
    for (const around of ["", " ", "-", " x "]) {
      const message = `${around}${"a".repeat(length)}${around}`;
      expect(indexed(message)).toEqual(wordsOf(message));
    }
  });
});
