import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wordsOf } from "./words.ts";

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
