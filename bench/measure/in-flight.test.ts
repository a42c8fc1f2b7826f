import { expect, it } from "vitest";
import { backlogOf } from "./in-flight.ts";

const over = (seconds: number, calls: (atSeconds: number) => number) =>
  Array.from({ length: seconds * 10 + 1 }, (_, index) => ({ atSeconds: index / 10, calls: calls(index / 10) }));

it.each([
  ["stays", () => 50, { atBegin: 50, atEnd: 50, slopeCallsPerSecond: 0, isGrowing: false }],
  ["grows by a tenth of what comes", (at: number) => 20 + 100 * at, { slopeCallsPerSecond: 100, isGrowing: true }],
  ["shrinks", (at: number) => 900 - 50 * at, { slopeCallsPerSecond: -50, isGrowing: false }],
  ["grows by less than a hundredth", (at: number) => 20 + 9 * at, { slopeCallsPerSecond: 9, isGrowing: false }],
  ["swings", (at: number) => 50 + 40 * Math.sin(7 * at), { isGrowing: false }],
] as const)("a backlog that %s", (_, calls, expected) => {
  expect(backlogOf(over(10, calls), 1_000)).toMatchObject(expected);
});

it("a few calls more are chance", () => {
  expect(
    backlogOf(
      over(10, (at) => at / 2),
      10,
    ).isGrowing,
  ).toBe(false);
});

it("nothing is no backlog", () => {
  expect(backlogOf([], 100)).toEqual({ atBegin: 0, atEnd: 0, slopeCallsPerSecond: 0, isGrowing: false });
});
