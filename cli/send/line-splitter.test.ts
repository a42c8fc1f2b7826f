import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

interface Line {
  text: string;
  length: number;
  end: number;
}

/** Feeds the chunks from a buffer that is used again each time. */
function split(chunks: readonly Uint8Array[], lineBytesMax = 1_000, start = 0): Line[] {
  const lines: Line[] = [];
  const splitter = new LineSplitter(
    lineBytesMax,
    (bytes, length, end) => lines.push({ text: bytes.toString("latin1"), length, end }),
    start,
  );
  const reused = Buffer.alloc(Math.max(1, ...chunks.map((chunk) => chunk.length)));
  for (const chunk of chunks) {
    reused.set(chunk);
    splitter.feed(reused.subarray(0, chunk.length));
    reused.fill("x");
  }
  splitter.finish();
  return lines;
}

const splitText = (text: string, lineBytesMax?: number, start?: number) =>
  split([Buffer.from(text, "latin1")], lineBytesMax, start);

describe("LineSplitter", () => {
  it.each<[string, string, [string, number, number][]]>([
    ["nothing", "", []],
    [
      "lines",
      "a\nbc\n",
      [
        ["a", 1, 2],
        ["bc", 2, 5],
      ],
    ],
    [
      "a last line without a break",
      "a\nb",
      [
        ["a", 1, 2],
        ["b", 1, 3],
      ],
    ],
    [
      "empty lines",
      "\n\na\n\n",
      [
        ["", 0, 1],
        ["", 0, 2],
        ["a", 1, 4],
        ["", 0, 5],
      ],
    ],
    [
      "breaks of Windows",
      "a\r\n\r\nb\r\n",
      [
        ["a", 1, 3],
        ["", 0, 5],
        ["b", 1, 8],
      ],
    ],
    [
      "a return within a line, and one that ends the last line",
      "a\rb\nc\r",
      [
        ["a\rb", 3, 4],
        ["c", 1, 6],
      ],
    ],
    [
      "NUL bytes, and bytes that are not UTF-8",
      "\0a\0\n\xff\xfe\n",
      [
        ["\0a\0", 3, 4],
        ["\xff\xfe", 2, 7],
      ],
    ],
    [
      "a mark of byte order, at the beginning only",
      "\xef\xbb\xbfa\n\xef\xbb\xbfb\n",
      [
        ["a", 1, 5],
        ["\xef\xbb\xbfb", 4, 10],
      ],
    ],
    ["nothing but that mark", "\xef\xbb\xbf", [["", 0, 3]]],
  ])("finds %s", (_name, text, expected) => {
    const lines = splitText(text).map(({ text: line, length, end }) => [line, length, end]);
    expect(lines).toEqual(expected);
  });

  it.each([
    ["fits exactly", "12345\n", "12345", 5],
    ["fits exactly, with the break of Windows", "12345\r\n", "12345", 5],
    ["fits exactly behind a mark of byte order", "\xef\xbb\xbf12345\r\n", "12345", 5],
    ["is one byte longer", "123456\n", "12345", 6],
    ["is far longer", `${"1".repeat(100)}\n`, "11111", 100],
    ["is longer and has no break", "1234567", "12345", 7],
  ])("gives the first part of a line, and its length: one that %s", (_name, text, part, length) => {
    for (const chunks of [[text], [...text]]) {
      const lines = split(
        chunks.map((chunk) => Buffer.from(chunk, "latin1")),
        5,
      );
      expect(lines).toEqual([{ text: part, length, end: text.length }]);
    }
  });

  it("counts from where it begins, and takes no mark of byte order there", () => {
    expect(splitText("\xef\xbb\xbfa\nb\n", 100, 1_000)).toEqual([
      { text: "\xef\xbb\xbfa", length: 4, end: 1_005 },
      { text: "b", length: 1, end: 1_007 },
    ]);
  });

  it("says what waits for its end", () => {
    const splitter = new LineSplitter(10, () => undefined, 100);
    splitter.feed(Buffer.from("a\nbcd"));
    expect([splitter.restStart, splitter.restLength]).toEqual([102, 3]);
    splitter.feed(Buffer.from("\n"));
    expect([splitter.restStart, splitter.restLength]).toEqual([106, 0]);
  });

  it("finds the same lines wherever the bytes are cut", () => {
    const pieces = fc.constantFrom("\n", "\r", "\r\n", "a", "bcdefg", "\0", "\xff", "\xef\xbb\xbf");
    const texts = fc.array(pieces, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(""), "latin1"));
    const cuts = fc.array(fc.nat(1_000), { maxLength: 20 });
    fc.assert(
      fc.property(texts, cuts, fc.integer({ min: 1, max: 12 }), (bytes, places, lineBytesMax) => {
        const at = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])];
        at.sort((one, other) => one - other);
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index]!, end));
        expect(split(chunks, lineBytesMax)).toEqual(split([bytes], lineBytesMax));
      }),
    );
  });

  it("holds no more of a line than a record could have, however long it is", () => {
    const lines: number[] = [];
    const splitter = new LineSplitter(1_000, (bytes, length) => lines.push(bytes.length, length));
    const chunk = Buffer.alloc(64 * 1024, "a");
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at < 1_000; at++) splitter.feed(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5e6);
    splitter.finish();
    expect(lines).toEqual([1_000, 64 * 1024 * 1_000]);
  });
});
