import { describe, expect, it } from "vitest";
import { Severity } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { levelAt, levelOfLetter, levelOfRedisSign, levelOfSyslog } from "./line-level.ts";

const { TRACE, DEBUG, DEBUG2, DEBUG3, INFO, INFO2, WARN, ERROR, FATAL } = Severity;

describe("a level in a text", () => {
  it.each([
    ["INFO x", INFO, "INFO", " x"],
    ["INFO", INFO, "INFO", ""],
    ["[INFO ] x", INFO, "INFO", " x"],
    ["[ INFO] x", INFO, "INFO", " x"],
    ["[warn] x", WARN, "warn", " x"],
    ["[Note] x", INFO, "Note", " x"],
    ["[Warning] x", WARN, "Warning", " x"],
    ["[ERROR] x", ERROR, "ERROR", " x"],
    ["[System] x", INFO, "System", " x"],
    ["[core:error] [pid 7] x", ERROR, "error", " [pid 7] x"],
    ["<info> x", INFO, "info", " x"],
    ["(WARN) x", WARN, "WARN", " x"],
    ["|DEBUG| x", DEBUG, "DEBUG", " x"],
    ["[W] x", WARN, "W", " x"],
    ["[E]: x", ERROR, "E", " x"],
    ["<3>x", ERROR, "err", "x"],
    ["<7>x", DEBUG, "debug", "x"],
    ["WARN: x", WARN, "WARN", " x"],
    ["WARNING:root:x", WARN, "WARNING", "root:x"],
    ["Error: x", ERROR, "Error", " x"],
    ["panic: x", FATAL, "panic", " x"],
    ["SEVERE: x", ERROR, "SEVERE", " x"],
    ["FINE: x", DEBUG2, "FINE", " x"],
    ["FINEST: x", TRACE, "FINEST", " x"],
    ["CONFIG: x", DEBUG3, "CONFIG", " x"],
    ["NOTICE: x", INFO2, "NOTICE", " x"],
    ["LOG:  x", INFO, "LOG", "  x"],
    ["DEBUG2:  x", DEBUG, "DEBUG2", "  x"],
    ["CRITICAL\tx", FATAL, "CRITICAL", "\tx"],
    ["INF x", INFO, "INF", " x"],
    ["WRN x", WARN, "WRN", " x"],
    ["WARN\u001b[0m x", WARN, "WARN", "\u001b[0m x"],
  ])("%j is %d, written %j", (text, severity, word, rest) => {
    const level = levelAt(text, 0);
    expect(level && [level.severity, level.text, text.slice(level.end)]).toEqual([severity, word, rest]);
  });

  it.each([
    ["a word of a sentence", "Error while reading"],
    ["a small word", "info about it"],
    ["a small word that means other things too", "fine: thanks"],
    ["a setting", "[config] read"],
    ["a longer word", "INFORMATIVE x"],
    ["a word with more behind it", "ERROR_COUNT=3"],
    ["a bracket with more in it", "[error in line 3]"],
    ["an unknown word", "[main] x"],
    ["a letter alone", "I think"],
    ["LOG without a colon", "LOG x"],
    ["syslog's 8", "<8>x"],
    ["nothing", ""],
  ])("is not %s", (_what, text) => expect(levelAt(text, 0)).toBeUndefined());

  it("may be a small word behind a time", () => {
    expect(levelAt("warn x", 0, true)?.text).toBe("warn");
    expect(levelAt("warned x", 0, true)).toBeUndefined();
    expect(levelAt("fine x", 0, true)).toBeUndefined();
  });

  it("may be a letter, a sign or a number", () => {
    expect(levelOfLetter("W")).toEqual({ severity: WARN, text: "W" });
    expect(levelOfLetter("X")).toBeUndefined();
    expect(levelOfLetter("constructor")).toBeUndefined();
    expect([".", "-", "*", "#"].map((sign) => levelOfRedisSign(sign)?.severity)).toEqual([DEBUG, DEBUG2, INFO2, WARN]);
    expect(levelOfRedisSign("")).toBeUndefined();
    const syslog = [0, 1, 2, 3, 4, 5, 6, 7].map((number) => levelOfSyslog(number).severity);
    expect(syslog).toEqual([FATAL, FATAL, FATAL, ERROR, WARN, INFO2, INFO, DEBUG]);
  });
});
