import { expect, it } from "vitest";
import { kneeOf, type Step } from "./knee.ts";

const step = (recordsPerSecond: number, p99: number, isGrowing = false, failed = 0): Step => ({
  recordsPerSecond,
  acknowledgedMs: { p50: 1, p95: 2, p99, p999: p99, max: p99 },
  backlog: { atBegin: 0, atEnd: 0, slopeCallsPerSecond: 0, isGrowing },
  failed,
});

it.each([
  ["the highest rate that holds", [step(10, 5), step(20, 99.9), step(30, 100)], 20],
  ["in any order of steps", [step(30, 5), step(10, 5), step(20, 5)], 30],
  ["not one whose backlog grows", [step(10, 5), step(20, 5, true)], 10],
  ["not one at which calls failed", [step(10, 5), step(20, 5, false, 1)], 10],
  ["not one above a step that does not hold", [step(10, 5), step(20, 101), step(30, 5)], 10],
  ["none", [step(10, 101)], undefined],
  ["none where no call was acknowledged", [step(10, Number.NaN)], undefined],
] as const)("%s", (_, steps, expected) => {
  expect(kneeOf(steps)?.recordsPerSecond).toBe(expected);
});
