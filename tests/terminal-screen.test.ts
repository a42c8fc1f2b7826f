import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TerminalScreen } from "./terminal-screen.ts";

const shown = (text: string, rows = 4, columns = 10) => {
  const screen = new TerminalScreen(rows, columns);
  screen.write(text);
  return screen;
};

describe("what a terminal shows", () => {
  it.each([
    ["lines", "a\r\nb", "a\nb"],
    ["a line feed alone, which goes straight down", "ab\ncd", "ab\n  cd"],
    ["a line that is written again", "10 %\r20", "20 %"],
    ["a long line", "0123456789abc", "0123456789\nabc"],
    ["a line that just fits, and one behind it", "0123456789\r\nb", "0123456789\nb"],
    ["tabs", "a\tb", "a       b"],
    ["backspace", "abc\b\bX", "aXc"],
    ["wide characters", "日本x\u001b[1;3HY", "日Yx"],
    ["marks above letters", "e\u0301x", "e\u0301x"],
    ["erasing to the end of the row", "abcdef\u001b[3D\u001b[K", "abc"],
    ["erasing to the beginning of the row", "abcdef\u001b[4D\u001b[1K", "   def"],
    ["erasing the row", "ab\r\ncd\u001b[2K", "ab"],
    ["erasing all", "ab\r\ncd\u001b[2J\u001b[HX", "X"],
    ["erasing what is below", "ab\r\ncd\r\nef\u001b[2;2H\u001b[J", "ab\nc"],
    ["moving", "\u001b[2;3Hx\u001b[Ay\u001b[2Dz\u001b[2Bw", "  zy\n  x\n   w"],
    ["columns and rows", "\u001b[3dx\u001b[5Gy\u001b[Fz", "\nz\nx   y"],
    ["a cursor that is put back", "a\u001b7bc\u001b8X", "aXc"],
    ["taking rows out and in", "a\r\nb\r\nc\u001b[2;1H\u001b[Mx\u001b[L", "a\n\nx"],
    ["taking characters out", "abcd\u001b[1G\u001b[2P", "cd"],
    ["a window's title, which is no text", "a\u001b]0;title\u0007b", "ab"],
  ])("%s", (_name, written, expected) => {
    const screen = shown(written);
    expect(screen.text).toBe(expected);
    expect(screen.unknown).toEqual([]);
  });

  it("scrolls, and remembers what is gone", () => {
    const screen = shown("1\r\n2\r\n3\r\n4\r\n5\r\n6");
    expect(screen.lines).toEqual(["3", "4", "5", "6"]);
    expect(screen.history).toEqual(["1", "2"]);
  });

  it("has colours", () => {
    const screen = shown("\u001b[31;1mred\u001b[0m x \u001b[7mr\u001b[m");
    expect([screen.styleOf("red"), screen.styleOf("x"), screen.styleAt(0, 6)]).toEqual(["31;1", "", "7"]);
    expect(screen.styleOf("nowhere")).toBeUndefined();
  });

  it("has a screen for programs that take all of it, and the other one as it was afterwards", () => {
    const screen = shown("$ top\u001b[?1049h\u001b[?25l\u001b[Hbusy");
    expect([screen.text, screen.isAlternate, screen.isCursorVisible]).toEqual(["busy", true, false]);
    screen.write("\u001b[?25h\u001b[?1049l!");
    expect([screen.text, screen.isAlternate, screen.isCursorVisible]).toEqual(["$ top!", false, true]);
  });

  it("can be drawn larger and smaller", () => {
    const screen = shown("1\r\n2\r\n3\r\n12345678");
    screen.resize(2, 5);
    expect(screen.lines).toEqual(["3", "12345"]);
    screen.resize(3, 10);
    screen.write("\r\nx");
    expect(screen.lines).toEqual(["3", "12345", "x"]);
  });

  it("says what it does not know", () => {
    expect(shown("a\u001b[5nb\u001b[>c\u001b[?9hd\u001b#").unknown).toEqual([
      "\u001b[5n",
      "\u001b[>c",
      "\u001b[?9h",
      "\u001b#",
    ]);
    expect(shown("\u009b2J\u0003").unknown).toEqual(["\u0003"]);
  });

  it("shows the same however the text is cut", () => {
    const text = "a\u001b[31mb\u001b[0m\r\n\u001b]0;t\u0007\u001b[2;5Hx\u001b[?1049hy\u001b[?1049l\u001b(Bz";
    const whole = shown(text);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length })), (cuts) => {
        const screen = new TerminalScreen(4, 10);
        let from = 0;
        for (const to of [...cuts.sort((a, b) => a - b), text.length]) {
          screen.write(text.slice(from, to));
          from = to;
        }
        expect(screen).toEqual(whole);
      }),
    );
  });

  it("takes anything", () => {
    const pieces = fc.constantFrom(
      "\u001b[",
      "\u001b]",
      "0",
      ";",
      "99",
      "J",
      "K",
      "H",
      "h",
      "l",
      "?1049",
      "\n",
      "é",
      "日",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: "binary" }))), (texts) => {
        const screen = shown(texts.join(""));
        expect(screen.lines).toHaveLength(4);
        expect(screen.cursor.row).toBeLessThan(4);
      }),
    );
  });
});
