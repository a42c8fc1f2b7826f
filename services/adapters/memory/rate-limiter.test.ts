import { describe, expect, it } from "vitest";
import { ManualClock } from "../../ports/manual-clock.ts";
import { rateLimiterContract } from "../../ports/rate-limiter.contract.ts";
import { MemoryRateLimiter } from "./rate-limiter.ts";

rateLimiterContract("memory", async (settings) => {
  const clock = new ManualClock();
  return { limiter: new MemoryRateLimiter(settings, clock), pass: (ms) => clock.pass(ms) };
});

describe("MemoryRateLimiter", () => {
  it("counts on when the clock was set back", async () => {
    const clock = new ManualClock();
    const limiter = new MemoryRateLimiter({ capacity: 1, refillPerSecond: 1 }, clock);
    await limiter.take("a", 1);
    clock.set(-86_400_000);
    expect(await limiter.take("a", 1)).toEqual({ allowed: false, retryAfterMs: 1_000, tokensLeft: 0 });
    await clock.pass(1_000);
    expect((await limiter.take("a", 1)).allowed).toBe(true);
  });

  it("forgets the bucket used longest ago when there are too many", async () => {
    const limiter = new MemoryRateLimiter({ capacity: 1, refillPerSecond: 0.001 }, new ManualClock(), 3);
    for (const key of ["a", "b", "c"]) await limiter.take(key, 1);
    await limiter.take("a", 1);
    await limiter.take("d", 1);
    const allowed: Record<string, boolean> = {};
    for (const key of ["a", "c", "d", "b"]) allowed[key] = (await limiter.take(key, 1)).allowed;
    expect(allowed).toEqual({ a: false, c: false, d: false, b: true });
  });
});
