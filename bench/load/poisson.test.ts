import { describe, expect, it } from "vitest";
import { poissonTimesMs } from "./poisson.ts";

describe("arrivals", () => {
  const times = poissonTimesMs(500, 200, 7);

  it("are the same for the same seed, and others for another", () => {
    expect(poissonTimesMs(500, 200, 7)).toEqual(times);
    expect(poissonTimesMs(500, 200, 8)).not.toEqual(times);
  });

  it("ascend within their time, as many as asked for", () => {
    expect(times.every((atMs, index) => atMs >= (times[index - 1] ?? 0) && atMs < 200_000)).toBe(true);
    expect(Math.abs(times.length - 100_000)).toBeLessThan(4 * Math.sqrt(100_000));
  });

  it("come in gaps of an exponential distribution: as wide on average as they vary, and e^-1 of them are wider", () => {
    const gaps = [...times].map((atMs, index) => atMs - (times[index - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(mean).toBeCloseTo(2, 1);
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
    expect(gaps.filter((gap) => gap > mean).length / gaps.length).toBeCloseTo(Math.exp(-1), 1);
  });

  it("are none where there is no time", () => {
    expect(poissonTimesMs(500, 0, 1)).toHaveLength(0);
  });
});
