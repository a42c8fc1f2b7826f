import { expect, it } from "vitest";
import { leastShareKept } from "./least-share-kept.ts";

const got = (...calls: number[]) => calls.map((inTimeCalls) => ({ inTimeCalls }));

it.each([
  ["all keep everything", got(10, 20), got(10, 20), 1],
  ["one lost a tenth", got(10, 18), got(10, 20), 0.9],
  ["others that gained do not make up for it", got(30, 10), got(10, 20), 0.5],
  ["one got nothing", got(10, 0), got(10, 20), 0],
])("%s", (_, beside, alone, expected) => {
  expect(leastShareKept(beside, alone)).toBe(expected);
});

it("cannot be said where there is nothing to compare with", () => {
  expect(() => leastShareKept(got(1), got(0))).toThrow("client 0 got nothing");
  expect(() => leastShareKept(got(1), got(1, 1))).toThrow("1 clients beside 2");
  expect(() => leastShareKept([], [])).toThrow("0 clients");
});
