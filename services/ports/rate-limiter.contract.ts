import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RateLimiter, RateLimiterSettings } from "./rate-limiter.ts";

/** A limiter under test, and its time. */
export interface RateLimiterHarness {
  limiter: RateLimiter;
  /** Memory moves its clock, Redis really waits. */
  pass(ms: number): Promise<void>;
}

/** How much later than told a real clock may read: two machines, two calls. */
const LATE_MS_MAX = 200;

/** What every RateLimiter must do, whatever it is made of. */
export function rateLimiterContract(
  adapterName: string,
  make: (settings: RateLimiterSettings) => Promise<RateLimiterHarness>,
): void {
  describe(`${adapterName} keeps the RateLimiter contract`, () => {
    const open = async (settings: RateLimiterSettings) => {
      const { limiter, pass } = await make(settings);
      onTestFinished(() => limiter.close());
      const key = `client-${randomUUID()}`;
      return { limiter, pass, key, take: (cost: number) => limiter.take(key, cost) };
    };
    const refusedForAbout = (ms: number) => ({
      allowed: false,
      retryAfterMs: expect.toSatisfy(isAbout(ms)),
      tokensLeft: 0,
    });
    const ALLOWED = { allowed: true, retryAfterMs: 0, tokensLeft: expect.any(Number) };

    it("lets a full bucket through, then says how long to wait, and keeps its word", async () => {
      const { take, pass } = await open({ capacity: 2, refillPerSecond: 1 });
      expect(await take(2)).toEqual(ALLOWED);
      const refused = await take(1);
      expect(refused).toEqual(refusedForAbout(1_000));
      await pass(refused.retryAfterMs);
      expect(await take(1)).toEqual(ALLOWED);
      expect(await take(1)).toEqual(refusedForAbout(1_000));
    });

    it("admits any cost to a bucket of one token, which pays the debt by waiting", async () => {
      const { take, pass } = await open({ capacity: 10, refillPerSecond: 100 });
      expect(await take(9)).toEqual(ALLOWED);
      expect(await take(60)).toEqual(ALLOWED);
      const refused = await take(1);
      expect(refused.allowed).toBe(false);
      expect(refused.retryAfterMs).toSatisfy(isAbout(600)); // From 59 in debt to one token.
      await pass(refused.retryAfterMs);
      expect(await take(1)).toEqual(ALLOWED);
    });

    it.each([10, 1_000])("tells what is left of %i tokens, and nothing of a debt", async (capacity) => {
      const { take } = await open({ capacity, refillPerSecond: 0.01 });
      const left: (number | undefined)[] = [];
      for (const cost of [1, 1, 3, capacity]) left.push((await take(cost)).tokensLeft);
      expect(left).toEqual([capacity - 1, capacity - 2, capacity - 5, 0]);
    });

    it("takes nothing where it refuses", async () => {
      const { take, pass } = await open({ capacity: 5, refillPerSecond: 5 });
      await take(5);
      for (let at = 0; at < 20; at++) expect((await take(1_000)).allowed).toBe(false);
      await pass(220);
      expect(await take(1)).toEqual(ALLOWED);
    });

    it("never holds more than its capacity", async () => {
      const { take, pass } = await open({ capacity: 3, refillPerSecond: 5 });
      await take(3);
      await pass(1_500); // Time for seven tokens.
      for (let at = 0; at < 3; at++) expect(await take(1)).toEqual(ALLOWED);
      expect((await take(1)).allowed).toBe(false);
    });

    it("refills at its rate, also a slow one that is asked often", async () => {
      const { take, pass } = await open({ capacity: 1, refillPerSecond: 2 });
      let allowed = 0;
      for (let at = 0; at < 40; at++) {
        if ((await take(1)).allowed) allowed++;
        await pass(50);
      }
      expect(allowed).toBeGreaterThanOrEqual(4); // The first and then one in each half second of two.
      expect(allowed).toBeLessThanOrEqual(6);
    });

    it("gives each key a bucket of its own, whatever the key is", async () => {
      const { limiter, key } = await open({ capacity: 1, refillPerSecond: 0.1 });
      const keys = ["", " ", "a\r\nb", "\0", "__proto__", "x".repeat(100_000), `${"x".repeat(100_000)}y`, "😀"];
      for (const suffix of keys) expect(await limiter.take(key + suffix, 1)).toEqual(ALLOWED);
      for (const suffix of keys) expect((await limiter.take(key + suffix, 1)).allowed).toBe(false);
    });

    it("admits what the bucket holds to a hundred calls at once, and no more", async () => {
      const { take } = await open({ capacity: 10, refillPerSecond: 0.1 });
      const takes = await Promise.all(Array.from({ length: 100 }, () => take(1)));
      expect(takes.filter(({ allowed }) => allowed)).toHaveLength(10);
    });
  });
}

function isAbout(ms: number): (told: number) => boolean {
  return (told) => Number.isInteger(told) && told <= ms && told > Math.max(0, ms - LATE_MS_MAX);
}
