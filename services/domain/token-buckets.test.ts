import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBuckets } from "./token-buckets.ts";

describe("TokenBuckets", () => {
  it("never admit more than capacity, refill and one debt, whatever is asked when", () => {
    const step = fc.record({ passMs: fc.integer({ min: 0, max: 500 }), cost: fc.integer({ min: 1, max: 50 }) });
    const settings = fc.record({
      capacity: fc.integer({ min: 1, max: 100 }),
      refillPerSecond: fc.double({ min: 0.01, max: 1_000, noNaN: true }),
    });
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 100 }), (limits, steps) => {
        const buckets = new TokenBuckets(limits, 10);
        let nowMs = 0;
        let admitted = 0;
        for (const { passMs, cost } of steps) {
          nowMs += passMs;
          if (buckets.take("key", cost, nowMs).allowed) admitted += cost;
          expect(admitted).toBeLessThanOrEqual(limits.capacity + (limits.refillPerSecond * nowMs) / 1_000 + 50);
        }
      }),
    );
  });

  it("keep their word: after the wait they were told, one token is there, and not a millisecond before", () => {
    const limits = fc.record({
      capacity: fc.integer({ min: 1, max: 9 }),
      refillPerSecond: fc.integer({ min: 1, max: 900 }),
    });
    fc.assert(
      fc.property(limits, fc.integer({ min: 9, max: 10_000 }), (settings, cost) => {
        const buckets = new TokenBuckets(settings, 10);
        buckets.take("key", cost, 0);
        const { retryAfterMs } = buckets.take("key", 1, 0);
        expect(buckets.take("key", 1, retryAfterMs - 1).allowed).toBe(false);
        expect(buckets.take("key", 1, retryAfterMs).allowed).toBe(true);
      }),
    );
  });

  it("tell the whole tokens that are left: none of a debt, none of a part", () => {
    const buckets = new TokenBuckets({ capacity: 10, refillPerSecond: 1 }, 10);
    const left = (cost: number, nowMs: number) => buckets.take("key", cost, nowMs).tokensLeft;
    expect([left(3, 0), left(6, 900), left(5, 1_000), left(1, 2_000), left(1, 6_000)]).toEqual([7, 1, 0, 0, 1]);
  });

  it("charge what others admitted, down to nothing but not into debt", () => {
    const buckets = new TokenBuckets({ capacity: 10, refillPerSecond: 1 }, 10);
    buckets.charge("key", 4, 0);
    expect(buckets.missing("key", 0)).toBe(4);
    buckets.charge("key", 1_000, 0);
    expect(buckets.missing("key", 0)).toBe(10);
    expect(buckets.take("key", 1, 0)).toEqual({ allowed: false, retryAfterMs: 1_000, tokensLeft: 0 });
    buckets.take("key", 30, 1_000);
    buckets.charge("key", 5, 1_000);
    expect(buckets.missing("key", 1_000)).toBe(39);
  });

  it("remember so many keys, of bounded length, and forget the one used longest ago", () => {
    const buckets = new TokenBuckets({ capacity: 1, refillPerSecond: 0.001 }, 2);
    const long = "x".repeat(1_000_000);
    buckets.take("a", 1, 0);
    buckets.take(long, 1, 0);
    buckets.take("b", 1, 0);
    expect(buckets.size).toBe(2);
    expect(buckets.take(long, 1, 0).allowed).toBe(false);
    expect(buckets.take("a", 1, 0).allowed).toBe(true);
  });
});
