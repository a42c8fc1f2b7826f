import { describe, expect, it } from "vitest";
import { quantiles, ratios, spread } from "./spread.ts";

describe("a spread", () => {
  it.each([
    [[3, 1, 2], { median: 2, min: 1, max: 3, of: [3, 1, 2] }],
    [[4, 1, 2, 3], { median: 2.5, min: 1, max: 4, of: [4, 1, 2, 3] }],
    [[7], { median: 7, min: 7, max: 7, of: [7] }],
  ])("of %j", (values, expected) => {
    expect(spread(values, 1)).toEqual(expected);
  });

  it("of ratios goes round by round", () => {
    expect(ratios([1, 3, 2], [2, 4, 8])).toMatchObject({ median: 0.5, min: 0.25, max: 0.75 });
    expect(() => ratios([1], [1, 2])).toThrow("1 rounds beside 2");
  });
});

describe("quantiles", () => {
  it("are the nearest ranks", () => {
    const values = Array.from({ length: 1_000 }, (_, index) => 1_000 - index);
    expect(quantiles(values)).toEqual({ p50: 500, p95: 950, p99: 990, p999: 999, max: 1_000 });
    expect(quantiles([5])).toEqual({ p50: 5, p95: 5, p99: 5, p999: 5, max: 5 });
  });
});
