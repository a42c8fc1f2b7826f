import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SEQ_MAX, SETTLED_RANGES_PER_PRODUCER_MAX } from "./limits.ts";
import type { LoggedBatch } from "./logged-batch.ts";
import { SettledRanges, settleBatches } from "./settled-ranges.ts";

const SEQS = 120; // Few enough that ranges meet, touch and cover each other.
const additions = fc.array(fc.tuple(fc.nat(SEQS), fc.nat(8)), { maxLength: 60 });

function afterAdding(some: readonly (readonly [number, number])[]): { ranges: SettledRanges; set: Set<number> } {
  const ranges = new SettledRanges();
  const set = new Set<number>();
  for (const [first, more] of some) {
    ranges.add(first, first + more);
    for (let seq = first; seq <= first + more; seq++) set.add(seq);
  }
  return { ranges, set };
}

function members(ranges: SettledRanges): number[] {
  return Array.from({ length: SEQS + 20 }, (_, seq) => seq).filter((seq) => ranges.contains(seq));
}

describe("SettledRanges", () => {
  it("contains what a set would, in as few ranges as can be", () => {
    fc.assert(
      fc.property(additions, (some) => {
        const { ranges, set } = afterAdding(some);
        expect(members(ranges)).toEqual([...set].sort((a, b) => a - b));
        expect(ranges.count).toBe([...set].filter((seq) => !set.has(seq - 1)).length);
        expect(ranges.closedSeqs).toBe(0);
      }),
    );
  });

  it("is the same after encoding, at every size", () => {
    fc.assert(
      fc.property(additions, fc.integer({ min: 1, max: 40 }), (some, rangesMax) => {
        const { ranges } = afterAdding(some);
        ranges.closeGaps(rangesMax);
        expect(SettledRanges.decode(ranges.encode())).toEqual(ranges);
      }),
    );
  });

  it("closes just the lowest gaps, counts them, and knows what may have been lost in them", () => {
    fc.assert(
      fc.property(additions, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), (some, max, again) => {
        const { ranges, set } = afterAdding(some);
        const rangesBefore = ranges.count;
        ranges.closeGaps(max);
        ranges.closeGaps(again);
        expect(ranges.count).toBe(Math.min(rangesBefore, max, again));
        const invented = members(ranges).filter((seq) => !set.has(seq));
        expect(ranges.closedSeqs).toBe(invented.length);
        for (const seq of invented) expect(ranges.mayBeInClosedGap(seq)).toBe(true);
        for (const seq of set) expect(ranges.contains(seq)).toBe(true);
        const highestInvented = Math.max(-1, ...invented);
        for (const seq of set) if (seq > highestInvented) expect(ranges.mayBeInClosedGap(seq)).toBe(false);
      }),
    );
  });

  it("never opens a closed gap again for a low seq that comes late", () => {
    const ranges = new SettledRanges();
    for (const seq of [1000, 1002, 1004]) ranges.add(seq, seq);
    ranges.closeGaps(2);
    ranges.add(5, 5);
    ranges.closeGaps(2); // The gap from 6 to 999: below the one that is closed.
    expect(ranges.mayBeInClosedGap(1001)).toBe(true);
    expect(ranges.mayBeInClosedGap(1003)).toBe(false);
  });

  it("leaves its copy alone", () => {
    const ranges = new SettledRanges();
    for (const seq of [0, 5, 10]) ranges.add(seq, seq);
    ranges.closeGaps(2);
    const copy = ranges.copy();
    expect(copy).toEqual(ranges);
    ranges.add(20, 30);
    expect(copy.contains(20)).toBe(false);
  });

  it("holds the highest seqs", () => {
    const ranges = new SettledRanges();
    ranges.add(SEQ_MAX, SEQ_MAX);
    ranges.add(0, 0);
    ranges.add(SEQ_MAX - 1, SEQ_MAX - 1);
    expect(ranges.count).toBe(2);
    expect([0, 1, SEQ_MAX - 2, SEQ_MAX - 1, SEQ_MAX].map((seq) => ranges.contains(seq))).toEqual([
      true,
      false,
      false,
      true,
      true,
    ]);
    expect(SettledRanges.decode(ranges.encode())).toEqual(ranges);
  });

  it("stays within the column of the SQL store at its greatest", () => {
    const ranges = new SettledRanges();
    const step = Math.floor(SEQ_MAX / (SETTLED_RANGES_PER_PRODUCER_MAX + 1));
    for (let range = 0; range <= SETTLED_RANGES_PER_PRODUCER_MAX; range++)
      ranges.add(range * step, range * step + step / 2);
    ranges.closeGaps(SETTLED_RANGES_PER_PRODUCER_MAX);
    expect(ranges.count).toBe(SETTLED_RANGES_PER_PRODUCER_MAX);
    expect(ranges.encode().length).toBeLessThan(65_535);
  });

  it("reads no bytes as no ranges, and refuses what it did not write", () => {
    expect(SettledRanges.decode(new Uint8Array()).count).toBe(0);
    expect(() => SettledRanges.decode(Uint8Array.of(9, 0, 0))).toThrow("format 9");
    expect(() => SettledRanges.decode(Uint8Array.of(1, 0, 0, 5))).toThrow("within a range");
  });
});

const batchOf = (firstSeq: number, seqs: number[], recordCount: number) =>
  ({ firstSeq, recordCount, records: seqs.map((seq) => ({ seq })) }) as unknown as LoggedBatch;
const seqsOf = (records: readonly { seq: number }[]) => records.map(({ seq }) => seq);

describe("settleBatches", () => {
  const settle = (ranges: SettledRanges, ...batches: LoggedBatch[]) =>
    settleBatches(batches, () => ranges).map(({ fresh, settled, inClosedGap }) => ({
      fresh: seqsOf(fresh),
      settled: seqsOf(settled),
      inClosedGap: seqsOf(inClosedGap),
    }));

  it("tells new records from settled ones, and settles the rejected too", () => {
    const ranges = new SettledRanges();
    ranges.add(12, 13);
    const both = settle(ranges, batchOf(10, [10, 12, 13, 14], 5), batchOf(9, [9, 10, 11, 15], 7)); // 11 was rejected.
    expect(both).toEqual([
      { fresh: [10, 14], settled: [12, 13], inClosedGap: [] },
      { fresh: [9, 15], settled: [10, 11], inClosedGap: [] },
    ]);
  });

  it("settles nothing for an empty batch", () => {
    const ranges = new SettledRanges();
    settle(ranges, batchOf(7, [], 0));
    expect(ranges.count).toBe(0);
  });

  it("sets apart what may have been lost in a closed gap", () => {
    const ranges = new SettledRanges();
    for (const seq of [0, 5, 10]) ranges.add(seq, seq);
    ranges.closeGaps(2);
    expect(settle(ranges, batchOf(3, [3, 4, 5, 6], 4))).toEqual([{ fresh: [6], settled: [5], inClosedGap: [3, 4] }]);
  });

  it("takes for a duplicate what another of the batches brought below a closed gap", () => {
    const ranges = new SettledRanges();
    for (const seq of [1000, 1002, 1004]) ranges.add(seq, seq);
    ranges.closeGaps(2);
    const [first, second] = [batchOf(4, [4, 6], 3), batchOf(4, [4, 5, 6], 3)]; // 5 was rejected.
    expect(settle(ranges, first, second)).toEqual([
      { fresh: [4, 6], settled: [], inClosedGap: [] },
      { fresh: [], settled: [4, 5, 6], inClosedGap: [] },
    ]);
  });

  it("loses no record: each is stored once, or goes to the dead letters where its gap was closed", () => {
    const batch = fc.tuple(fc.nat(SEQS), fc.integer({ min: 1, max: 4 }));
    const chunks = fc.array(fc.array(batch, { minLength: 1, maxLength: 4 }), { maxLength: 30 });
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 4 }), (some, rangesMax) => {
        const store = new SeqStore(rangesMax);
        for (const chunk of some) store.store(chunk);
      }),
      { numRuns: 500 },
    );
  });
});

/** What a store does with seqs, in its shortest form; checks itself. */
class SeqStore {
  private ranges = new SettledRanges();
  private readonly stored = new Set<number>();
  private readonly rangesMax: number;

  constructor(rangesMax: number) {
    this.rangesMax = rangesMax;
  }

  store(chunk: readonly (readonly [firstSeq: number, count: number])[]): void {
    const batches = chunk.map(([first, count]) => {
      const seqs = Array.from({ length: count }, (_, index) => first + index);
      return batchOf(first, seqs, count);
    });
    const splits = settleBatches(batches, () => this.ranges);
    // Rows are looked up before those of this chunk are inserted.
    const lost = new Set(
      splits.flatMap(({ inClosedGap }) => seqsOf(inClosedGap).filter((seq) => !this.stored.has(seq))),
    );
    const fresh = splits.flatMap((split) => seqsOf(split.fresh));
    expect(fresh.filter((seq) => this.stored.has(seq) || lost.has(seq))).toEqual([]);
    const storedBefore = this.stored.size;
    for (const seq of fresh) this.stored.add(seq);
    expect(this.stored.size).toBe(storedBefore + fresh.length);
    const offered = batches.flatMap(({ records }) => seqsOf(records));
    expect(offered.filter((seq) => this.stored.has(seq) === lost.has(seq))).toEqual([]);
    const toldApart = splits.map((split) => split.fresh.length + split.settled.length + split.inClosedGap.length);
    expect(toldApart).toEqual(batches.map(({ recordCount }) => recordCount));
    this.ranges.closeGaps(this.rangesMax);
    this.ranges = SettledRanges.decode(this.ranges.encode());
  }
}
