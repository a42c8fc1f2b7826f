import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawnText } from "./drawn-text.ts";
import { amountText, bytesText, countText, durationText, fullCountText, percentText } from "./number-text.ts";
import { tableLines } from "./table.ts";
import { cutToWidth, padded, textWidth } from "./text-width.ts";
import { wrapped } from "./wrapped-text.ts";

describe("drawnText", () => {
  it.each([
    ["plain äöü 日本 👍 e\u0301", "plain äöü 日本 👍 e\u0301"],
    ["\u001b[2J\u001b]0;title\u0007", "␛[2J␛]0;title␇"],
    ["a\nb\r\nc\td\0", "a␊b␍␊c␉d␀"],
    ["\u007f\u009b31m\u0085", "␡<U+009B>31m<U+0085>"],
    ["\u202eexe.txt\u2066\u200b\ufeff", "<U+202E>exe.txt<U+2066><U+200B><U+FEFF>"],
    ["\u2028\u2029", "<U+2028><U+2029>"],
    ["👩\u200d🚀 \u200c", "👩\u200d🚀 \u200c"],
    ["\u{e0041}", "<U+E0041>"],
  ])("%j is %s", (text, expected) => expect(drawnText(text)).toBe(expected));

  it("leaves nothing that a terminal obeys, whatever the text is", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(drawnText(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe("numbers for people", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [12_408, "12,408"],
    [999_999, "999,999"],
    [1_000_000, "1.00 M"],
    [1_204_118, "1.20 M"],
    [12_040_000, "12.0 M"],
    [999_700_000, "1.00 G"],
    [120_400_000_000, "120 G"],
  ])("count %d is %s", (count, text) => expect(countText(count)).toBe(text));

  it.each([
    [1_204_118, "1,204,118"],
    [9_007_199_254_740_993n, "9,007,199,254,740,993"],
  ])("%d in full is %s", (count, text) => expect(fullCountText(count)).toBe(text));

  it.each([
    [0, "0 records"],
    [1n, "1 record"],
    [12_408, "12,408 records"],
  ])("%d of a thing are %s", (count, text) => expect(amountText(count, "record")).toBe(text));

  it.each([
    [0, "0 ms"],
    [0.000_5, "0.50 µs"],
    [0.412, "412 µs"],
    [0.999_9, "1.00 ms"],
    [31, "31.0 ms"],
    [412, "412 ms"],
    [999.6, "1.00 s"],
    [1_240, "1.24 s"],
    [59_960, "1 min 00 s"],
    [125_000, "2 min 05 s"],
    [3_599_600, "1 h 00 min"],
    [11_520_000, "3 h 12 min"],
    [187_200_000, "2 d 04 h"],
  ])("%d ms is %s", (ms, text) => expect(durationText(ms)).toBe(text));

  it.each([
    [0, "0 B"],
    [812, "812 B"],
    [1_240, "1.21 KiB"],
    [20_132_660, "19.2 MiB"],
    [1_048_575.9, "1.00 MiB"],
  ])("%d bytes are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

  it.each([
    [0, "0.00 %"],
    [0.000_05, "< 0.01 %"],
    [0.005_1, "0.51 %"],
    [1, "100.00 %"],
  ])("the share %d is %s", (share, text) => expect(percentText(share)).toBe(text));
});

describe("width", () => {
  it.each([
    ["abc", 3],
    ["日本", 4],
    ["e\u0301", 1],
    ["👍", 2],
    ["ｆｕｌｌ", 8],
    ["한국", 4],
    ["␛[2J", 4],
    ["✅❌⭐", 6],
    ["🟢🪐🫠", 6],
    ["⚡ ok", 5],
    ["· – → ✓ ©", 9],
  ])("%s takes %d columns", (text, width) => expect(textWidth(text)).toBe(width));

  it("is what a text is padded and cut to", () => {
    expect(padded("日本", 6, "right")).toBe("  日本");
    expect(cutToWidth("日本語", 5)).toBe("日本…");
    expect(cutToWidth("日本語", 6)).toBe("日本語");
    expect(cutToWidth("abcdef", 4)).toBe("abc…");
  });

  it("is kept by wrapped lines, but for a longer word", () => {
    expect(wrapped("a bb ccc dddddd e", 6)).toEqual(["a bb", "ccc", "dddddd", "e"]);
    expect(wrapped("much-too-long x", 5)).toEqual(["much-too-long", "x"]);
    expect(wrapped("", 5)).toEqual([""]);
  });
});

describe("tables", () => {
  const columns = [
    { title: "path", align: "left" },
    { title: "p99", align: "right" },
  ] as const;

  it("have columns below each other", () => {
    const rows = [
      ["/日本", "1.24 s"],
      ["/login/x", "31.0 ms"],
    ];
    expect(tableLines(columns, rows, false)).toEqual(["path          p99", "/日本      1.24 s", "/login/x  31.0 ms"]);
  });

  it("have tabs and no titles for programs", () => {
    expect(tableLines(columns, [["/a b", "1 s"]], true)).toEqual(["/a b\t1 s"]);
  });
});
