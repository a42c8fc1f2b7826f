import { describe, expect, it } from "vitest";
import type { LedgerEntry } from "../ledger/ledger-entries.ts";
import { summarize } from "./ledger-summary.ts";
import { ACKED, REJECTED, SENT } from "./record-flags.ts";

const PRODUCER = "019a0000000070008000000000000001";
const BEGINNING: LedgerEntry[] = [
  { is: "run", name: "test", seed: 1, baseMs: 0 },
  { is: "producer", producer: PRODUCER, seed: 2 },
];
const sent = (send: number, firstSeq: number, count: number): LedgerEntry => ({
  ...{ is: "sent", send, producer: PRODUCER, firstSeq, count, by: "Write" },
});

describe("what the ledger says", () => {
  it("joins all sends of a record", async () => {
    const summary = await summarize([
      ...BEGINNING,
      sent(0, 0, 4),
      { is: "answer", send: 0, outcome: "unknown", code: 14 },
      sent(1, 2, 3),
      { is: "answer", send: 1, outcome: "acked", rejected: [1] },
      sent(2, 6, 1),
      { is: "answer", send: 2, outcome: "refused", code: 8 },
      sent(3, 7, 1),
    ]);
    const flags = [...summary.producers[0]!.flags.subarray(0, 8)];
    expect(flags).toEqual([SENT, SENT, SENT | ACKED, SENT | REJECTED, SENT | ACKED, 0, SENT, SENT]);
    expect(summary.sends).toEqual({ all: 4, acked: 1, refused: 1, unknown: 2 });
  });

  it.each<[string, LedgerEntry[], RegExp]>([
    ["no run", [], /no first line/],
    ["an answer to nothing", [...BEGINNING, { is: "answer", send: 0, outcome: "acked" }], /was not sent/],
    ["a producer without announcement", [BEGINNING[0]!, sent(0, 0, 1)], /was not announced/],
    ["two seeds", [...BEGINNING, { is: "producer", producer: PRODUCER, seed: 3 }], /two seeds/],
    ["two runs", [BEGINNING[0]!, BEGINNING[0]!], /two runs/],
  ])("is not believed with %s", async (_name, entries, message) => {
    await expect(summarize(entries)).rejects.toThrow(message);
  });
});
