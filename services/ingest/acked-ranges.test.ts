import fc from "fast-check";
import { expect, it } from "vitest";
import { joinRanges, type SeqRange } from "./acked-ranges.ts";

const id = (number: number) => new Uint8Array(16).fill(number);
const range = (producer: number, firstSeq: number, lastSeq: number) => ({
  producerId: id(producer),
  firstSeq,
  lastSeq,
});

it.each<[string, SeqRange[], SeqRange[]]>([
  ["nothing", [], []],
  ["touching ranges", [range(1, 0, 9), range(1, 10, 19)], [range(1, 0, 19)]],
  ["the same in another order", [range(1, 10, 19), range(1, 0, 9)], [range(1, 0, 19)]],
  ["a gap of one", [range(1, 0, 9), range(1, 11, 19)], [range(1, 0, 9), range(1, 11, 19)]],
  ["a range twice, and one inside", [range(1, 0, 9), range(1, 0, 9), range(1, 3, 4)], [range(1, 0, 9)]],
  ["two producers", [range(2, 0, 9), range(1, 10, 19)], [range(1, 10, 19), range(2, 0, 9)]],
])("%s", (_name, ranges, joined) => expect(joinRanges(ranges)).toEqual(joined));

it("keeps every seq, adds none, and leaves no two ranges that touch", () => {
  const ranges = fc.array(
    fc
      .record({ producer: fc.integer({ min: 1, max: 2 }), first: fc.integer({ min: 0, max: 40 }), count: fc.nat(5) })
      .map(({ producer, first, count }) => range(producer, first, first + count)),
  );
  const seqsOf = (some: readonly SeqRange[]) =>
    some.flatMap(({ producerId, firstSeq, lastSeq }) =>
      Array.from({ length: lastSeq - firstSeq + 1 }, (_, at) => `${producerId[0]}-${firstSeq + at}`),
    );
  fc.assert(
    fc.property(ranges, (some) => {
      const joined = joinRanges(some);
      expect(new Set(seqsOf(joined))).toEqual(new Set(seqsOf(some)));
      expect(seqsOf(joined)).toHaveLength(new Set(seqsOf(some)).size);
      joined.slice(1).forEach((next, at) => {
        const before = joined[at]!;
        const touch = before.producerId[0] === next.producerId[0] && next.firstSeq <= before.lastSeq + 1;
        expect(touch).toBe(false);
      });
    }),
  );
});
