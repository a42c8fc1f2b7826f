import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Key, KeyReader, readKeys } from "./read-keys.ts";

const nameOf = (key: Key) => (key.name === "text" ? key.text : key.name);

describe("keys", () => {
  it.each([
    ["q", ["q"]],
    ["ab1 /", ["a", "b", "1", " ", "/"]],
    ["é日🎉", ["é", "日", "🎉"]],
    ["\u001b[A\u001b[B", ["up", "down"]],
    ["\u001bOA", ["up"]],
    ["\u001b[5~\u001b[6~\u001b[H\u001b[F\u001b[1~\u001b[4~", ["pageUp", "pageDown", "home", "end", "home", "end"]],
    ["\r", ["enter"]],
    ["\u007f\b", ["backspace", "backspace"]],
    ["\u0003", ["interrupt"]],
    ["\u001a", ["suspend"]],
    ["\u001b", ["escape"]],
    ["a\u001bq", ["a", "escape", "q"]],
    ["\u001b[1;5Cx", ["x"]],
    ["\u001b[200~x", ["x"]],
    ["\u001b[3", []],
    ["\u0001\u0085", []],
    ["", []],
  ])("%j", (sent, expected) => {
    expect(readKeys(sent).map(nameOf)).toEqual(expected);
  });

  it("are found in anything, and no control character is a text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (sent) => {
        for (const key of readKeys(sent)) if (key.name === "text") expect(key.text).toMatch(/^\P{Cc}$/u);
      }),
    );
  });
});

describe("keys that come in pieces", () => {
  const reading = () => {
    const read: string[] = [];
    const reader = new KeyReader((keys) => read.push(...keys.map(nameOf)));
    onTestFinished(() => reader.end());
    return { read, reader };
  };

  it.each([
    [["\u001b", "[A"], ["up"]],
    [
      ["a\u001b[", "5", "~b"],
      ["a", "pageUp", "b"],
    ],
    [["\u001bO", "B"], ["down"]],
    [
      ["\u001b", "\u001b[A", "q"],
      ["escape", "up", "q"],
    ],
  ])("are whole: %j", (pieces, expected) => {
    const { read, reader } = reading();
    for (const piece of pieces) reader.take(piece);
    expect(read).toEqual(expected);
  });

  it("are the Escape key where nothing comes behind it", async () => {
    const { read, reader } = reading();
    reader.take("a\u001b");
    expect(read).toEqual(["a"]);
    await expect.poll(() => read).toEqual(["a", "escape"]);
    reader.take("[");
    expect(read).toEqual(["a", "escape", "["]);
  });
});
