import { describe, expect, it } from "vitest";
import { LineJoiner } from "./join-lines.ts";
import { LINE_FORMATS } from "./line-formats.ts";
import { readHead } from "./line-head.ts";
import { levelAt } from "./line-level.ts";
import { CONTEXT } from "./lines.fixture.ts";
import { beginStackTrace } from "./stack-trace.ts";
import { readStructuredData } from "./structured-data.ts";

const BYTES = 256 * 1024;

/** How lines may begin that our patterns look further into. */
const BEGINNINGS = [
  "",
  " ",
  "[",
  "2026-11-22 10:00:00.",
  "2026-11-22 10:00:00 ",
  "[2026-11-22 10:00:00][",
  "Nov 22 10:00:00 ",
  "<13>",
  "<13>1 - - - - - [a b=",
  "1234:M ",
  "web-1 ",
  "Error",
  "java.lang.",
  "/app/",
  "node:",
  "Exception in thread ",
  "Exception ignored in: ",
  '  File "',
  "Traceback (most recent call last):",
  "panic: ",
  "goroutine 1 ",
  "main.main(",
  "at a.B",
  "Caused by: ",
  "... 1",
  "}",
  "2026-11-22T10:00:00Z stdout F ",
  '{"log":"',
];

const FILLERS = [
  " ",
  "\t",
  "a",
  "A",
  "1",
  ".",
  ":",
  "[",
  "]",
  "(",
  ")",
  "^",
  "-",
  "|",
  "a.",
  "[ ",
  "] ",
  " - ",
  "a=",
  '"',
  "\\",
  "\u001b[0m",
  "at ",
  "é",
];

/** Anything that grows with the square of the length takes minutes for one of these lines. */
function expectQuick(act: () => void): void {
  const startedMs = performance.now();
  act();
  expect(performance.now() - startedMs).toBeLessThan(2_000);
}

describe.each(BEGINNINGS)("a line of 256 KiB that begins with %j", (beginning) => {
  const lines = FILLERS.flatMap((filler) => {
    const line = beginning + filler.repeat(BYTES / filler.length);
    return [line, `${line}x`];
  });

  it("is looked at in milliseconds", () =>
    expectQuick(() => {
      for (const line of lines) {
        readHead(line, CONTEXT);
        levelAt(line, 0);
        beginStackTrace(line);
        readStructuredData(line, 0);
      }
    }));

  it.each(["Error: x", "Traceback (most recent call last):", "panic: x", "goroutine 1 [running]:"])(
    "is held against a stack trace in milliseconds: %s",
    (first) =>
      expectQuick(() => {
        for (const line of lines) {
          const trace = beginStackTrace(first)!;
          for (let times = 0; times < 3; times++) trace.next(line);
        }
      }),
  );

  it("is joined in milliseconds", () =>
    expectQuick(() => {
      for (const format of LINE_FORMATS) {
        const joiner = new LineJoiner(format);
        for (const line of lines) joiner.add(line);
        joiner.flush();
      }
    }));
});
