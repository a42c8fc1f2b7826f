import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "./ledger.ts";
import type { LedgerEntry } from "./ledger-entries.ts";
import { readLedger } from "./read-ledger.ts";

const PRODUCER = "019a0000000070008000000000000001";
const RUN = { name: "test", seed: 3, baseMs: 1_000 };
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "logpulse-ledger-"));
  file = join(directory, "ledger.jsonl");
});

afterEach(() => rmSync(directory, { recursive: true }));

async function entries(): Promise<LedgerEntry[]> {
  const all: LedgerEntry[] = [];
  for await (const entry of readLedger(file)) all.push(entry);
  return all;
}

describe("the ledger", () => {
  it("gives back what was written, in order", async () => {
    const ledger = new Ledger(file, RUN);
    expect(ledger.producer(PRODUCER, 9)).toEqual({ seed: 9, baseMs: 1_000 });
    const first = ledger.sending(PRODUCER, 0, 100, "Write");
    const second = ledger.sending(PRODUCER, 100, 50, "Stream");
    ledger.answered(second, { outcome: "acked", rejected: [7] });
    ledger.answered(first, { outcome: "unknown", code: 14 });
    ledger.close();
    expect(await entries()).toEqual([
      { is: "run", ...RUN },
      { is: "producer", producer: PRODUCER, seed: 9 },
      { is: "sent", send: 0, producer: PRODUCER, firstSeq: 0, count: 100, by: "Write" },
      { is: "sent", send: 1, producer: PRODUCER, firstSeq: 100, count: 50, by: "Stream" },
      { is: "answer", send: 1, outcome: "acked", rejected: [7] },
      { is: "answer", send: 0, outcome: "unknown", code: 14 },
    ]);
  });

  it("has a line in the file before the call returns, so a crash of its process loses nothing", () => {
    const ledger = new Ledger(file, RUN);
    ledger.producer(PRODUCER, 9);
    ledger.sending(PRODUCER, 0, 100, "Write");
    expect(readFileSync(file, "utf8").trimEnd().split("\n")).toHaveLength(3);
    ledger.close();
  });

  it("is never written over", () => {
    new Ledger(file, RUN).close();
    expect(() => new Ledger(file, RUN)).toThrow(/EEXIST/);
  });

  it("is read up to a line that a crash has cut off, and refused where another line is broken", async () => {
    new Ledger(file, RUN).close();
    appendFileSync(file, '{"is":"sent","se');
    expect(await entries()).toHaveLength(1);
    appendFileSync(file, '\n{"is":"answer","send":0,"outcome":"acked"}\n');
    await expect(entries()).rejects.toThrow(/line 2 of .* is no ledger entry/);
  });
});
