import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { KEY_CHARACTERS_MAX } from "../../domain/bounded-key.ts";
import { LIMITER_LEASE_SHARE_MAX } from "../../domain/limits.ts";
import type { RateLimiterSettings } from "../../ports/rate-limiter.ts";
import { RedisRateLimiter } from "./rate-limiter.ts";
import { connected, listeningLogger } from "./redis.fixture.ts";

const servers = realServers();
const REPLICAS = 3;
const COST_MAX = 300;

describe.runIf(servers)("several RedisRateLimiters on one Redis", () => {
  let prefix: string;
  let redis: Redis;
  let limiters: RedisRateLimiter[] = [];
  beforeAll(() => {
    redis = new Redis(servers!.redisUrl);
  });
  afterAll(() => redis.disconnect());
  beforeEach(() => {
    prefix = `test-${randomUUID()}`;
  });
  afterEach(async () => {
    await Promise.all(limiters.map((limiter) => limiter.close()));
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(keys);
  });

  const open = async (limits: RateLimiterSettings, answerMsMax = 2_000) => {
    const settings = { ...limits, url: servers!.redisUrl, prefix, replicas: REPLICAS, answerMsMax };
    const make = () => connected(new RedisRateLimiter(settings, listeningLogger()));
    limiters = await Promise.all(Array.from({ length: REPLICAS }, make));
    return limiters;
  };

  /** Takes from all limiters at once, several callers each, for so long; gives the tokens admitted and the time it took. */
  const takeForAll = async (ms: number, callers: number, cost: () => number) => {
    const startedAt = performance.now();
    let admitted = 0;
    const caller = async (limiter: RedisRateLimiter) => {
      while (performance.now() - startedAt < ms) {
        const tokens = cost();
        const { allowed, retryAfterMs } = await limiter.take("client", tokens);
        if (allowed) admitted += tokens;
        else await sleep(Math.min(retryAfterMs, 20));
      }
    };
    await Promise.all(limiters.flatMap((limiter) => Array.from({ length: callers }, () => caller(limiter))));
    return { admitted, seconds: (performance.now() - startedAt) / 1_000 };
  };

  const takeMixed = async ({ capacity, refillPerSecond }: RateLimiterSettings) => {
    const { admitted, seconds } = await takeForAll(3_000, 20, () => 1 + Math.floor(Math.random() * COST_MAX));
    return { admitted, earned: capacity + refillPerSecond * seconds };
  };

  it("together admit what capacity and refill allow: no less, and no more but for leases and one debt", async () => {
    const limits = { capacity: 20_000, refillPerSecond: 10_000 };
    await open(limits);
    const { admitted, earned } = await takeMixed(limits);
    expect(admitted).toBeLessThanOrEqual(earned + COST_MAX + REPLICAS * limits.capacity * LIMITER_LEASE_SHARE_MAX);
    expect(admitted).toBeGreaterThan(earned * 0.9);
  });

  it("admit little more when Redis is late all the time: they pay what they admitted by themselves", async () => {
    const limits = { capacity: 20_000, refillPerSecond: 10_000 };
    await open(limits, 1); // A bound that a busy machine misses often.
    const { admitted, earned } = await takeMixed(limits);
    const leases = REPLICAS * limits.capacity * LIMITER_LEASE_SHARE_MAX;
    expect(admitted).toBeLessThanOrEqual(1.25 * earned + (REPLICAS + 1) * COST_MAX + leases);
    expect(admitted).toBeGreaterThan(limits.capacity / REPLICAS);
  });

  it("admit single records mostly without asking Redis, and within the same bound", async () => {
    const limits = { capacity: 10_000, refillPerSecond: 10 };
    await open(limits);
    const callsBefore = await scriptCalls(redis);
    const { admitted, seconds } = await takeForAll(1_000, 2, () => 1);
    const calls = (await scriptCalls(redis)) - callsBefore;
    const earned = limits.capacity + limits.refillPerSecond * seconds;
    expect(admitted).toBeLessThanOrEqual(earned + 1 + REPLICAS * limits.capacity * LIMITER_LEASE_SHARE_MAX);
    expect(admitted).toBeGreaterThan(limits.capacity * 0.95);
    expect(calls).toBeLessThan(admitted / 10);
  });

  it("do not ask Redis about a client that was refused a moment ago", async () => {
    const [limiter] = await open({ capacity: 10, refillPerSecond: 0.01 });
    await limiter!.take("client", 10);
    expect((await limiter!.take("client", 1)).allowed).toBe(false);
    const callsBefore = await scriptCalls(redis);
    for (let at = 0; at < 1_000; at++) await limiter!.take("client", 1);
    expect((await scriptCalls(redis)) - callsBefore).toBeLessThan(5);
  });

  it("begin with full buckets when Redis was emptied, and go on", async () => {
    const [limiter] = await open({ capacity: 10, refillPerSecond: 0.01 });
    await limiter!.take("client", 10);
    expect((await limiter!.take("client", 1)).allowed).toBe(false);
    await redis.del(await redis.keys(`${prefix}:*`)); // What FLUSHALL does; the server is shared with other tests.
    await redis.script("FLUSH");
    await sleep(1_050);
    const takes = await Promise.all(Array.from({ length: 50 }, () => limiter!.take("client", 1)));
    expect(takes.filter(({ allowed }) => allowed)).toHaveLength(10);
  });

  it("leave keys of bounded length behind, which end when the bucket is full again", async () => {
    const [limiter] = await open({ capacity: 100, refillPerSecond: 200 });
    for (const client of ["a", "b\r\n\0", "x".repeat(1_000_000)]) await limiter!.take(client, 100);
    const keys = await redis.keys(`${prefix}:*`);
    expect(keys).toHaveLength(3);
    for (const key of keys) {
      expect(key.length).toBeLessThanOrEqual(`${prefix}:limit:`.length + KEY_CHARACTERS_MAX);
      const ttlMs = await redis.pttl(key);
      expect(ttlMs).toBeGreaterThan(0);
      expect(ttlMs).toBeLessThanOrEqual(510);
    }
    await sleep(600);
    expect(await redis.keys(`${prefix}:*`)).toEqual([]);
  });

  it("count on when the clock of Redis was set back", async () => {
    const [limiter] = await open({ capacity: 10, refillPerSecond: 100 });
    const [seconds] = await redis.time();
    await redis.set(`${prefix}:limit:client`, `-20000000 ${Number(seconds) + 86_400}000000`, "PX", 60_000);
    const { allowed, retryAfterMs } = await limiter!.take("client", 1);
    expect([allowed, retryAfterMs]).toEqual([false, 210]);
    await sleep(retryAfterMs + 5);
    expect((await limiter!.take("client", 1)).allowed).toBe(true);
  });

  it("fall back to their own share where a key holds what is none of ours", async () => {
    const [limiter] = await open({ capacity: 30, refillPerSecond: 0.01 });
    await redis.set(`${prefix}:limit:client`, "something else");
    await redis.lpush(`${prefix}:limit:another`, "a list");
    for (const client of ["client", "another"]) {
      const takes = await Promise.all(Array.from({ length: 50 }, () => limiter!.take(client, 1)));
      expect(takes.filter(({ allowed }) => allowed)).toHaveLength(30 / REPLICAS);
    }
  });
});

async function scriptCalls(redis: Redis): Promise<number> {
  const text = await redis.info("commandstats");
  const calls = [...text.matchAll(/cmdstat_(?:eval|evalsha):calls=(\d+)/g)].map(([, count]) => Number(count));
  return calls.reduce((sum, count) => sum + count, 0);
}
