import { describe, expect, it } from "vitest";
import { EXIT } from "../exit-code.ts";
import { LoadTotals } from "./load-totals.ts";
import { plainTotals, progressText, totalsLines, totalsObject } from "./totals-text.ts";

const FACTS = { target: "http://127.0.0.1:8080/upload", seed: 7, ms: 10_000 };

function someTotals(): LoadTotals {
  const totals = new LoadTotals();
  for (let request = 0; request < 500; request++) totals.begin(100);
  for (let request = 0; request < 497; request++) {
    const answer = { kind: "kept", name: "200", accepted: 100, rejected: 0, firstReject: undefined } as const;
    totals.answer(answer);
    totals.keep(answer, 10 + request / 100, false);
  }
  return totals;
}

function troubledTotals(): LoadTotals {
  const totals = someTotals();
  const answer = {
    kind: "kept",
    name: "200",
    accepted: 99,
    rejected: 1,
    firstReject: "record 4: time \u001b[2J",
  } as const;
  totals.answer(answer);
  totals.keep(answer, 80, true);
  const told = {
    kind: "later",
    reason: "a queue\nis full",
    waitMs: 5,
    isUnreachable: false,
    exitCode: EXIT.limited,
  } as const;
  for (const [name, mayBeKept] of [
    ["503", false],
    ["no answer", true],
  ] as const) {
    const trouble = { ...told, name, mayBeKept };
    totals.answer(trouble);
    totals.fail(trouble, 100, mayBeKept);
  }
  totals.repeats = 1;
  totals.late = 3;
  totals.skipped = 1_234;
  return totals;
}

describe("the totals of a run", () => {
  it("for people", () => {
    expect(totalsLines(someTotals(), FACTS).join("\n")).toMatchInlineSnapshot(`
      "sent      50,000 records in 500 requests to http://127.0.0.1:8080/upload, in 10.0 s: 50.0 requests/s, 5,000 records/s
      accepted  49,700
      rejected  0
      failed    0
      unknown   0
      latency   p50 12.4 ms, p99 14.8 ms, max 15.0 ms, of kept requests, each from the time when it was due
      late      0 requests began more than 50 ms behind their time; 0 were skipped, 1.00 s behind it
      seed      7"
    `);
  });

  it("for people, of a run that had its troubles", () => {
    expect(totalsLines(troubledTotals(), FACTS).join("\n")).toMatchInlineSnapshot(`
      "sent      50,000 records in 500 requests to http://127.0.0.1:8080/upload, in 10.0 s: 50.0 requests/s, 5,000 records/s
      accepted  49,799, 99 perhaps twice
      rejected  1: record 4: time ␛[2J
      failed    100
      unknown   100: no answer, so they may be kept
      repeated  1 requests
                503: 1 times, a queue␊is full
                no answer: 1 times, a queue␊is full
      latency   p50 12.4 ms, p99 14.8 ms, max 80.0 ms, of kept requests, each from the time when it was due
      late      3 requests began more than 50 ms behind their time; 1,234 were skipped, 1.00 s behind it
      seed      7"
    `);
  });

  it("of a run in which nothing was kept", () => {
    expect(totalsLines(new LoadTotals(), FACTS).join("\n")).toContain("latency   no request was kept");
  });

  it("for programs: every record is counted once", () => {
    const told = totalsObject(troubledTotals(), FACTS);
    expect(told).toMatchObject({
      records: 50_000,
      accepted: 49_799,
      rejected: 1,
      failed: 100,
      unknown: 100,
      maybeTwice: 99,
    });
    expect(told.accepted + told.rejected + told.failed + told.unknown).toBe(told.records);
    expect(told.answers).toEqual({ "200": 498, "503": 1, "no answer": 1 });
    expect(told.latencyMs!.max).toBe(80);
    expect(Math.abs(told.latencyMs!.p50 - 12.49)).toBeLessThan(0.13);
    expect(JSON.parse(JSON.stringify(told))).toMatchObject({ seed: 7, seconds: 10 });
  });

  it("as lines of name and value", () => {
    const lines = plainTotals(troubledTotals(), FACTS);
    expect(lines).toContain("accepted\t49799");
    expect(lines).toContain("answers.503\t1");
    expect(lines).toContain("firstReject\trecord 4: time ␛[2J");
    for (const line of lines) expect(line.split("\t")).toHaveLength(2);
  });

  it("while it runs", () => {
    expect(progressText(someTotals(), { ms: 10_000, of: 0.5 })).toBe(
      "50 % · 50,000 sent · 49,700 accepted · 300 on their way · 50.0 requests/s · p99 14.8 ms",
    );
    expect(progressText(troubledTotals(), { ms: 10_000, of: undefined })).toContain("1 rejected · 200 failed · 0 on");
  });
});
