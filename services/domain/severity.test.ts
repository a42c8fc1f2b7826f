import { describe, expect, it } from "vitest";
import { Severity } from "../../gen/logpulse/v1/log_record_pb.ts";
import { levelWordsIn, severityOfWord, severityRangeOfWord } from "./severity.ts";

describe("a level word", () => {
  it.each([
    ["trace", Severity.TRACE, "FINEST", "silly", "TRC"],
    ["debug", Severity.DEBUG, "FINER", "dbg"],
    ["fine", Severity.DEBUG2, "verbose"],
    ["config", Severity.DEBUG3],
    ["info", Severity.INFO, "Information", "Note", "INF"],
    ["notice", Severity.INFO2],
    ["warn", Severity.WARN, "WARNING", "WRN"],
    ["error", Severity.ERROR, "err", "SEVERE"],
    ["fatal", Severity.FATAL, "crit", "CRITICAL", "alert", "emerg", "emergency", "panic", "FTL"],
  ] as [string, Severity, ...string[]][])("%s means %d, as others do", (word, severity, ...others) => {
    for (const each of [word, ...others]) expect([each, severityOfWord(each)]).toEqual([each, severity]);
  });

  it.each(["", "level", "constructor", "__proto__", "info ", "http"])("is not %j", (word) => {
    expect(severityOfWord(word)).toBeUndefined();
    expect(severityRangeOfWord(word)).toBeUndefined();
  });

  it("names its whole range, and is one of the words in it", () => {
    for (const word of ["fine", "note", "severe", "finest"]) {
      const range = severityRangeOfWord(word)!;
      expect([range.max - range.min, range.min % 4]).toEqual([3, 1]);
      expect(levelWordsIn(range)).toContain(word);
    }
    expect(severityRangeOfWord("config")).toEqual(severityRangeOfWord("DEBUG"));
  });
});
