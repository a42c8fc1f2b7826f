import { describe, expect, it } from "vitest";
import { recoveryOf } from "./recovery.ts";

describe("recovery", () => {
  it("is the slowest of all times, and the longest silence is told whether or not a fault was near", () => {
    expect(recoveryOf([0, 100, 900, 1_000], [50, 100.5], 1_000, 1_250)).toEqual({
      firstAckMs: 800,
      drainedMs: 250,
      longestSilenceMs: 800,
    });
  });

  it("has no first acknowledgement where none came any more", () => {
    expect(recoveryOf([0, 10], [20], 20, 30)).toEqual({ firstAckMs: undefined, drainedMs: 10, longestSilenceMs: 10 });
    expect(recoveryOf([], [], 20, 30)).toEqual({ firstAckMs: undefined, drainedMs: 10, longestSilenceMs: 0 });
  });
});
