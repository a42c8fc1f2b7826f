import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ValueCounts } from "./value-counts.ts";

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function countAll(values: readonly string[], valuesMax: number, charactersMax: number): ValueCounts {
  const counts = new ValueCounts(valuesMax, charactersMax);
  for (const value of values) counts.add(value);
  return counts;
}

describe("counts of values", () => {
  it("are exact while all values are held, the most frequent first", () => {
    const counts = countAll([..."banana", "bb", "bb"], 4, 5);
    expect(counts.countErrorMax).toBe(0);
    expect(counts.mostFrequent(10, byText)).toEqual([
      { value: "a", count: 3 },
      { value: "bb", count: 2 },
      { value: "n", count: 2 },
      { value: "b", count: 1 },
    ]);
    expect(counts.mostFrequent(2, byText)).toEqual(counts.mostFrequent(10, byText).slice(0, 2));
    expect(counts.mostFrequent(0, byText)).toEqual([]);
  });

  it("hold no more than they may, and are off by no more than they say", () => {
    const values = fc.array(fc.stringMatching(/^[a-f]{0,3}$/), { maxLength: 400 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 4, max: 60 }), (all, most, characters) => {
        const counts = countAll(all, most, characters);
        const held = new Map(counts.mostFrequent(1_000, byText).map(({ value, count }) => [value, count]));
        expect(held.size).toBeLessThanOrEqual(most);
        expect([...held.keys()].join("").length).toBeLessThanOrEqual(characters);
        const exact = Map.groupBy(all, (value) => value);
        for (const [value, { length }] of exact) {
          const found = held.get(value) ?? 0;
          expect(found).toBeLessThanOrEqual(length);
          expect(found).toBeGreaterThanOrEqual(length - counts.countErrorMax);
        }
        expect([...held.keys()].filter((value) => !exact.has(value))).toEqual([]);
      }),
    );
  });

  it("keep what is frequent among many that come once, and are off by little", () => {
    const valuesMax = 1_000;
    const all = Array.from({ length: 100_000 }, (_, index) => (index % 10 === 0 ? "frequent" : `once ${index}`));
    const counts = countAll(all, valuesMax, 1_000_000);
    expect(counts.countErrorMax).toBeLessThanOrEqual((2 * all.length) / valuesMax);
    const [first] = counts.mostFrequent(1, byText);
    expect(first!.value).toBe("frequent");
    expect(first!.count).toBeGreaterThanOrEqual(10_000 - counts.countErrorMax);
  });
});
