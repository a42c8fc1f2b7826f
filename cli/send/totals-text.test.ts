import { describe, expect, it } from "vitest";
import { SEND_REJECTS_TOLD_MAX } from "../../services/domain/limits.ts";
import { SendTotals } from "./send-totals.ts";
import { plainTotals, progressText, totalsLines, totalsObject } from "./totals-text.ts";

const PRODUCER = "01932c07e6007000800000000000000a";
const FACTS = { sources: 1, producer: PRODUCER, isRepeatable: true, format: "json", ms: 2_000 };

/** Ten lines in eight records, one only text; three rejected for two reasons; one empty; two on their way. */
function someTotals(): SendTotals {
  const totals = new SendTotals();
  totals.lines = 16;
  totals.emptyLines = 1;
  for (let line = 1; line <= 6; line++) totals.keep("a.log", { line, lines: 1 }, undefined);
  totals.keep("a.log", { line: 7, lines: 3 }, undefined);
  totals.keep("a.log", { line: 10, lines: 1 }, { field: "line", reason: 'begins with "\u001b[2J"' });
  totals.reject("b.log", { line: 1_031, lines: 1 }, { field: "time", reason: "is missing" });
  totals.reject("b.log", { line: 12, lines: 2 }, { field: "line", reason: "is 300000 bytes long" });
  totals.waitingLines = 2;
  return totals;
}

describe("totals", () => {
  it("are told to people, with the first problem of each reason, and nothing that a terminal would obey", () => {
    expect(totalsLines(someTotals(), FACTS)).toEqual([
      "kept      10 of 16 lines, as 8 records, in 2.00 s: 5 lines/s",
      'as text   1 line: line 10 begins with "␛[2J"',
      "rejected  3 lines: line 12 is 300000 bytes long (2), line 1,031 time is missing (1)",
      "empty     1 line",
      "unknown   2 lines, which are not acknowledged",
      `producer  ${PRODUCER}: the same sent again with --producer ${PRODUCER} adds nothing`,
    ]);
  });

  it("name files where there are several, and no producer where there is no single one", () => {
    const lines = totalsLines(someTotals(), { ...FACTS, sources: 2, producer: undefined });
    expect(lines[2]).toBe(
      "rejected  3 lines: b.log line 12 is 300000 bytes long (2), b.log line 1,031 time is missing (1)",
    );
    expect(lines).toHaveLength(5);
  });

  it("are short where all is well", () => {
    const totals = new SendTotals();
    totals.lines = 1;
    totals.keep("a.log", { line: 1, lines: 1 }, undefined);
    expect(totalsLines(totals, { ...FACTS, isRepeatable: false })).toEqual([
      "kept      1 of 1 line, in 2.00 s: 1 lines/s",
      `producer  ${PRODUCER}`,
    ]);
  });

  it("add up, and are told to programs", () => {
    const { read, kept, rejected, empty, unknown, ...others } = totalsObject(someTotals(), FACTS);
    expect([read, kept, rejected, empty, unknown]).toEqual([16, 10, 3, 1, 2]);
    expect(kept + rejected + empty + unknown).toBe(read);
    expect(others).toEqual({
      records: 8,
      keptAsText: 1,
      producer: PRODUCER,
      format: "json",
      seconds: 2,
      rejects: [
        { file: "b.log", line: 1_031, field: "time", reason: "is missing" },
        { file: "b.log", line: 12, field: "line", reason: "is 300000 bytes long" },
      ],
      asText: [{ file: "a.log", line: 10, field: "line", reason: 'begins with "\u001b[2J"' }],
    });
    expect(plainTotals(someTotals(), FACTS)).toContain("rejected\t3");
    expect(plainTotals(someTotals(), FACTS).at(-1)).toBe('as-text\ta.log\t10\tline\tbegins with "␛[2J"');
  });

  it("tell so many problems one by one, and count all", () => {
    const totals = new SendTotals();
    for (let line = 1; line <= 1_000; line++) {
      const problem = { field: "line", reason: `has "${line}" and ${line} for ${"abcdefg"[line % 7]}` };
      totals.reject("a.log", { line, lines: 1 }, problem);
    }
    expect(totals.rejected.lines).toBe(1_000);
    expect(totals.rejected.told).toHaveLength(SEND_REJECTS_TOLD_MAX);
    expect(totalsLines(totals, FACTS)[1]).toMatch(
      /^rejected {2}1,000 lines: line 1 has "1" and 1 for b \(143\), line 2 has "2" and 2 for c .*, and 285 for other reasons$/,
    );
  });
});

describe("progress", () => {
  it.each<[number, number | undefined, string]>([
    [31_000, 0.5, "00:31, about 00:31 left"],
    [600_000, 0.1, "10:00, about 1:30:00 left"],
    [2_000, undefined, "00:02"],
    [2_000, 0, "00:02"],
  ])("after %d ms, with %s read", (ms, shareRead, time) => {
    const text = progressText(someTotals(), { ms, shareRead });
    expect(text).toBe(`sent 12 · kept 10 · rejected 3 · waiting 2 · ${Math.round(10_000 / ms)} lines/s · ${time}`);
  });
});
