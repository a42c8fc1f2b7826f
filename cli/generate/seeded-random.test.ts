import { describe, expect, it } from "vitest";
import { SeededRandom } from "./seeded-random.ts";

const drawn = (seed: number, count = 1_000) => {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

describe("SeededRandom", () => {
  it("draws the same for the same seed, and something else for the next one", () => {
    expect(drawn(7)).toEqual(drawn(7));
    const same = drawn(8).filter((value, at) => value === drawn(7)[at]);
    expect(same).toEqual([]);
  });

  it("is the same on every machine", () => {
    expect(drawn(1, 3).map((value) => Math.round(value * 1e9))).toMatchInlineSnapshot(`
      [
        870711779,
        634542312,
        913599080,
      ]
    `);
  });

  it.each([0, 1, 2 ** 32 - 1])("draws evenly from seed %i", (seed) => {
    const values = drawn(seed, 20_000);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = values.filter((value) => Math.floor(value * 10) === tenth).length / values.length;
      expect(share).toBeGreaterThan(0.09);
      expect(share).toBeLessThan(0.11);
    }
  });

  it("chooses as often as weights say", () => {
    const random = new SeededRandom(3);
    const list = [
      { name: "often", weight: 90 },
      { name: "seldom", weight: 10 },
      { name: "never", weight: 0 },
    ];
    const names = Array.from({ length: 10_000 }, () => random.pickWeighted(list).name);
    const seldom = names.filter((name) => name === "seldom").length;
    expect(names).not.toContain("never");
    expect(seldom).toBeGreaterThan(850);
    expect(seldom).toBeLessThan(1_150);
  });

  it("draws around a median, with a long tail above it", () => {
    const random = new SeededRandom(4);
    const values = Array.from({ length: 10_000 }, () => random.around(100, 0.5)).sort((a, b) => a - b);
    expect(values[5_000]).toBeGreaterThan(97);
    expect(values[5_000]).toBeLessThan(103);
    expect(values[0]).toBeGreaterThan(0);
    expect(values[9_900]! - 100).toBeGreaterThan(3 * (100 - values[100]!));
  });

  it("draws hexadecimal digits and numbers below a bound", () => {
    const random = new SeededRandom(5);
    expect(random.hex(32)).toMatch(/^[0-9a-f]{32}$/);
    const numbers = new Set(Array.from({ length: 1_000 }, () => random.below(3)));
    expect([...numbers].sort()).toEqual([0, 1, 2]);
  });
});
