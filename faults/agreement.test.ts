import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HyperLogLog } from "../services/domain/hyperloglog.ts";
import { encodeStatuses } from "../services/domain/rollup.ts";
import { SettledRanges } from "../services/domain/settled-ranges.ts";
import { wordsOf } from "../services/domain/words.ts";
import { ClientSketch } from "./checker/client-sketch.ts";
import { rangesOf } from "./checker/sqlite/join-settled.ts";
import { wordsIn } from "./checker/sqlite/word-check.ts";
import { varintsOf } from "./checker/varints.ts";

/** The checker reads by code of its own what LogPulse writes: here they meet, so that neither misreads the other. */
describe("the checker and LogPulse", () => {
  it.each([0, 1, 10, 500, 3_000, 20_000, 100_000])("count %i clients alike", (count) => {
    const written = new HyperLogLog();
    for (let client = 0; client < count; client++) written.add(`client ${client}`);
    const read = new ClientSketch();
    read.merge(written.encode());
    expect(Math.abs(read.estimate() - count)).toBeLessThanOrEqual(0.03 * count + 2);
    const own = new ClientSketch();
    for (let client = 0; client < count; client++) own.add(`client ${client}`);
    expect(own.equals(read)).toBe(true);
    if (count > 3_000) return; // One more may leave no trace among so many.
    own.add("one more");
    expect(own.equals(read)).toBe(false);
  });

  it("merge sketches of either form", () => {
    const few = new HyperLogLog();
    const many = new HyperLogLog();
    for (let client = 0; client < 300; client++) few.add(`few ${client}`);
    for (let client = 0; client < 9_000; client++) many.add(`many ${client}`);
    expect(few.encode()[0]).not.toBe(many.encode()[0]);
    const read = new ClientSketch();
    read.merge(few.encode());
    read.merge(many.encode());
    expect(Math.abs(read.estimate() - 9_300)).toBeLessThan(0.03 * 9_300);
  });

  it("write and read the same numbers", () => {
    const statuses = new Map([
      [200, 3],
      [404, 2 ** 40],
      [0, 127],
      [999, 128],
    ]);
    expect(varintsOf(encodeStatuses(statuses))).toEqual([...statuses].flat());
  });

  it("cut the same words", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme", maxLength: 300 }));
    fc.assert(fc.property(text, (any) => void expect(wordsIn(any)).toEqual(wordsOf(any))));
  });

  it("read the same settled seqs", () => {
    const seq = fc.oneof(
      fc.nat(50),
      fc.nat(2 ** 30),
      fc.nat(50).map((low) => 2 ** 52 + low),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(seq, fc.nat(20))), (added) => {
        const written = new SettledRanges();
        for (const [first, more] of added) written.add(first, first + more);
        const read = rangesOf(written.encode());
        expect(read).toHaveLength(written.count);
        for (const { first, last } of read) expect([first, last].every((one) => written.contains(one))).toBe(true);
        const isRead = (one: number) => read.some(({ first, last }) => first <= one && one <= last);
        for (const [first, more] of added) expect(isRead(first) && isRead(first + more)).toBe(true);
      }),
    );
  });
});
