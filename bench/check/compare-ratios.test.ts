import { expect, it } from "vitest";
import { compareRatios } from "./compare-ratios.ts";

const ratios = (median: number) => ({ ratios: { speed: { what: "ours / floor", median, min: 0.4, max: 9, of: [] } } });

it.each([
  [0.5, 0.5, false, true],
  [0.5, 0.46, false, true],
  [0.5, 0.44, true, true],
  [0.5, 0.39, true, false],
  [0.5, 0.9, false, true],
])("a ratio of %d that is %d now: fallen %s, within the spread %s", (before, now, hasFallen, isWithinSpread) => {
  expect(compareRatios(ratios(before), ratios(now))).toEqual([
    { name: "speed", what: "ours / floor", before, now, hasFallen, isWithinSpread },
  ]);
});

it("a ratio that a new run lacks is an error, not a pass", () => {
  expect(() => compareRatios(ratios(1), { ratios: {} })).toThrow("no ratio speed (ours / floor)");
});
