import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SCANNED_WORDS_CHARACTERS_MAX } from "./limits.ts";
import { wordsOf, wordsText } from "./words.ts";

describe("words", () => {
  it.each([
    ["GET /images/logo-2.png?x=1 200", ["get", "images", "logo", "2", "png", "x", "1", "200"]],
    ["user_id=42", ["user_id", "42"]],
    ["cafe\u0301 CAFÉ", ["café", "café"]],
    ["日本語 テスト", ["日本語", "テスト"]],
    ["!!! --- 🎉", []],
    ["", []],
    ["a\u0000b", ["a", "b"]],
  ])("of %j", (text, words) => expect(wordsOf(text)).toEqual(words));

  it("are cut at 128 characters, never inside one", () => {
    const [word] = wordsOf("𝒜".repeat(200));
    expect(Array.from(word!)).toHaveLength(128);
    expect(word!.isWellFormed()).toBe(true);
  });

  it("are the same again when they are cut once more: what an index holds is what a query asks", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const words = wordsOf(text);
        expect(wordsOf(words.join(" "))).toEqual(words);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("words as one text", () => {
  const same = (text: string) => {
    expect(wordsText(text)).toBe(wordsOf(text).join(" "));
  };

  it("are the same for every ASCII character, alone and within a word", () => {
    for (let code = 0; code < 128; code++) {
      const character = String.fromCharCode(code);
      for (const text of [character, `a${character}B`, `${character}a`, `a${character}`]) same(text);
    }
  });

  it("are the same where a word or the text is as long as it may be, and longer", () => {
    const lengths = [127, 128, 129, 300, ...[-1, 0, 1].map((more) => SCANNED_WORDS_CHARACTERS_MAX + more)];
    for (const length of lengths) {
      for (const text of ["A".repeat(length), "x ".repeat(length / 2), `a ${"B".repeat(length)} c`]) same(text);
    }
  });

  // The Kelvin sign and the dotted I are beyond ASCII, and what they are in lower case is not; \u0301 joins what precedes it.
  it.each([
    "\u212a",
    "a\u0130",
    "e\u0301",
    "\ud800",
    "a\udc00b",
    "Stra\u00dfe",
    "x\u00a0y",
    "\uff21",
    "a\u2028b",
    "\ufeffa",
  ])("are the same for %j", (text) => {
    same(text);
    same(`Plain text ${text}`);
    same(`${text} plain_TEXT 1`);
  });

  it("are the same for any text, whatever was cut before it", () => {
    const ascii = fc.string({ unit: "binary-ascii", maxLength: 400 });
    const few = fc.string({
      unit: fc.constantFrom("a", "Z", "0", "_", " ", "-", "\u0301", "é", "İ", "K"),
      maxLength: 300,
    });
    fc.assert(fc.property(fc.oneof(ascii, few, fc.string({ unit: "binary" })), same), { numRuns: 5_000 });
  });
});
