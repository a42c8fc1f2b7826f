import { expect, it } from "vitest";
import { compareRatios } from "./compare-ratios.ts";

const ratios = (median: number) => ({ ratios: { speed: { what: "ours / floor", median, min: 0, max: 9, of: [] } } });

it.each([
  [0.5, 0.5, false],
  [0.5, 0.46, false],
  [0.5, 0.44, true],
  [0.5, 0.9, false],
])("a ratio of %d that is %d now: fallen %s", (before, now, hasFallen) => {
  expect(compareRatios(ratios(before), ratios(now))).toEqual([
    { name: "speed", what: "ours / floor", before, now, hasFallen },
  ]);
});

it("a ratio that a new run lacks is an error, not a pass", () => {
  expect(() => compareRatios(ratios(1), { ratios: {} })).toThrow("no ratio speed (ours / floor)");
});
