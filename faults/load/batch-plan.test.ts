import { describe, expect, it } from "vitest";
import { SeededRandom } from "../ledger/seeded-random.ts";
import { batchPlan, PLAIN } from "./batch-plan.ts";

const WILD = { duplicates: 0.5, overlaps: 0.5, shuffledOver: 10 };

describe("a client's plan", () => {
  it.each([
    ["plain", PLAIN],
    ["wild", WILD],
  ])("sends every record, each once where it is no repeat: %s", (_name, behaviours) => {
    for (let seed = 0; seed < 20; seed++) {
      const records = 1 + seed * 137;
      const first = new Array<number>(records).fill(0);
      for (const { firstSeq, count, repeat } of batchPlan(new SeededRandom(seed), records, behaviours)) {
        expect(count).toBeGreaterThan(0);
        expect(firstSeq).toBeGreaterThanOrEqual(0);
        expect(firstSeq + count).toBeLessThanOrEqual(records);
        for (let seq = firstSeq; seq < firstSeq + count; seq++) first[seq]! += repeat ? 0 : 1;
      }
      expect(first.every((times) => times === 1)).toBe(true);
    }
  });

  it("repeats, cuts anew and shuffles where it is told to, and the same way for the same seed", () => {
    const plan = (seed: number) => [...batchPlan(new SeededRandom(seed), 5_000, WILD)];
    const ranges = plan(3);
    expect(plan(3)).toEqual(ranges);
    const seqs = ranges.map(({ firstSeq }) => firstSeq);
    expect(seqs).not.toEqual([...seqs].sort((a, b) => a - b));
    const cuts = new Set(ranges.filter(({ repeat }) => !repeat).map(({ firstSeq }) => firstSeq));
    const repeats = ranges.filter(({ repeat }) => repeat);
    expect(repeats.some(({ firstSeq }) => cuts.has(firstSeq))).toBe(true);
    expect(repeats.some(({ firstSeq }) => !cuts.has(firstSeq))).toBe(true);
  });

  it("is in order, without repeats, where nothing else is said", () => {
    const ranges = [...batchPlan(new SeededRandom(4), 5_000, PLAIN)];
    expect(ranges.some(({ repeat }) => repeat)).toBe(false);
    let next = 0;
    for (const { firstSeq, count } of ranges) {
      expect(firstSeq).toBe(next);
      next += count;
    }
  });
});
