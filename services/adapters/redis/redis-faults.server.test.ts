import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { haveServers } from "../../../stack/have-servers.ts";
import { type RunningRedis, startRedis } from "../../../stack/redis.ts";
import { waitUntil } from "../../../stack/wait.ts";
import { CACHE_REDIS_MS_MAX, LIMITER_REDIS_MS_MAX } from "../../domain/limits.ts";
import { RedisCache } from "./cache.ts";
import { RedisCounter } from "./counter.ts";
import { RedisRateLimiter } from "./rate-limiter.ts";
import { connected, listeningLogger } from "./redis.fixture.ts";

const REPLICAS = 3;
const LIMITS = { capacity: 3_000, refillPerSecond: 300 };
const SLACK_MS = 40; // For a timer, and a machine that does other things.

describe.runIf(haveServers("redis"))("a Redis that crashes, hangs or is slow", { timeout: 60_000 }, () => {
  let server: RunningRedis;
  const parts: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.remove());
  afterEach(async () => {
    await Promise.all(parts.splice(0).map((part) => part.close()));
    if (!server.alive()) await server.restart();
  });

  const keep = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    parts.push(part);
    return part;
  };
  const settings = () => ({ url: server.url, prefix: "test" });
  const openLimiter = (logger = listeningLogger(), limits = LIMITS) =>
    connected(keep(new RedisRateLimiter({ ...settings(), ...limits, replicas: REPLICAS }, logger)));

  const openAdmin = () => {
    const admin = new Redis(server.url);
    keep({ close: async () => admin.disconnect() });
    return admin;
  };

  /** Takes single tokens of fresh clients, one call after the other, and gives how long each took. */
  const timesOfTakes = async (limiter: RedisRateLimiter, ms: number) => {
    const times: number[] = [];
    const endsAt = performance.now() + ms;
    for (let at = 0; performance.now() < endsAt; at++) {
      const startedAt = performance.now();
      await limiter.take(`client ${at}`, 1);
      times.push(performance.now() - startedAt);
      await sleep(1);
    }
    return times.sort((a, b) => a - b);
  };

  it("costs no decision more than its bound, and most of them nothing", async () => {
    const limiter = await openLimiter();
    const whatEverHappens = timesOfTakes(limiter, 4_000);
    await sleep(500);
    await server.kill();
    await sleep(1_000);
    await server.restart();
    await sleep(500);
    server.pause();
    await sleep(1_000);
    server.resume();
    const times = await whatEverHappens;
    expect(times.length).toBeGreaterThan(500);
    expect(times[Math.floor(times.length / 2)]).toBeLessThan(2);
    expect(times[Math.floor(times.length * 0.95)]).toBeLessThan(LIMITER_REDIS_MS_MAX + 5);
    expect(times[Math.floor(times.length * 0.999)]).toBeLessThan(LIMITER_REDIS_MS_MAX + 500); // A machine that stood still.
  });

  it("opens no unlimited window: each process goes on within its share, and all agree again when it is back", async () => {
    const loggers = Array.from({ length: REPLICAS }, () => listeningLogger());
    const limiters = await Promise.all(loggers.map((logger) => openLimiter(logger)));
    let admitted = 0;
    let over = false;
    const caller = async (limiter: RedisRateLimiter) => {
      while (!over) {
        const { allowed } = await limiter.take("client", 10);
        if (allowed) admitted += 10;
        else await sleep(5);
      }
    };
    const startedAt = performance.now();
    const callers = Promise.all(limiters.flatMap((limiter) => Array.from({ length: 5 }, () => caller(limiter))));
    await sleep(1_000);
    const earned = () => LIMITS.capacity + (LIMITS.refillPerSecond * (performance.now() - startedAt)) / 1_000;
    const leases = REPLICAS * LIMITS.capacity * 0.01;
    expect(admitted).toBeLessThanOrEqual(earned() + leases + 10);

    await server.kill();
    await sleep(2_000);
    const withoutRedis = admitted;
    // The bucket was empty, and so is the share of each: at most the refill of each share comes on top, and one debt each.
    expect(withoutRedis).toBeLessThanOrEqual(earned() + leases + REPLICAS * 10 + LIMITS.capacity * 0.1);
    expect(withoutRedis).toBeGreaterThan(LIMITS.capacity);

    await server.restart();
    await waitUntil(() => loggers.every(({ lines }) => lines.at(-1) === "Redis answers again"), 10_000);
    await sleep(1_000);
    over = true;
    await callers;
    // A Redis that forgot everything begins with a full bucket, once.
    expect(admitted).toBeLessThanOrEqual(
      earned() + LIMITS.capacity + 2 * leases + REPLICAS * 20 + LIMITS.capacity * 0.1,
    );
    for (const { lines } of loggers) expect(lines.length).toBeLessThan(10);
  });

  it("gives a client that never sent anything its share of the burst", async () => {
    const limiter = await openLimiter();
    await server.kill();
    const takes = await Promise.all(Array.from({ length: 3_000 }, () => limiter.take("quiet client", 1)));
    const allowed = takes.filter((take) => take.allowed).length;
    expect(allowed).toBeGreaterThanOrEqual(LIMITS.capacity / REPLICAS);
    expect(allowed).toBeLessThanOrEqual(LIMITS.capacity / REPLICAS + 60); // And what refilled meanwhile.
    await sleep(100);
    expect((await limiter.take("quiet client", 1_000)).allowed).toBe(true);
    expect((await limiter.take("quiet client", 1)).retryAfterMs).toBeGreaterThan(1_000);
  });

  it("does not take twice when an answer was lost", async () => {
    const limiter = await openLimiter(listeningLogger(), { ...LIMITS, refillPerSecond: 1 });
    const admin = openAdmin();
    await limiter.take("client", 100);
    await admin.call("CLIENT", "PAUSE", "300", "ALL");
    await limiter.take("client", 200); // Decided here; Redis carries it out later, once.
    await sleep(1_000);
    const [micro] = (await admin.get("test:limit:client"))!.split(" ").map(Number);
    expect(micro! / 1_000_000 - (LIMITS.capacity - 300)).toBeGreaterThanOrEqual(0);
    await limiter.check();
  });

  it("is gone back to after it was slow, and is not pestered meanwhile", async () => {
    const logger = listeningLogger();
    const limiter = await openLimiter(logger);
    const admin = openAdmin();
    logger.lines.length = 0;
    await admin.call("CLIENT", "PAUSE", "1200", "ALL");
    const times = await timesOfTakes(limiter, 1_000);
    expect(times.length).toBeGreaterThan(200);
    expect(times.filter((ms) => ms >= LIMITER_REDIS_MS_MAX).length).toBeLessThan(40); // About one in each 100 ms.
    await connected(limiter);
    expect(logger.lines[0]).toBe("Redis does not answer; this process does without it until it does");
    expect(logger.lines.at(-1)).toBe("Redis answers again");
  });

  it("makes a cache and a counter answer nothing, within their bound", async () => {
    const cache = await connected(keep(new RedisCache(settings(), listeningLogger())));
    const counter = await connected(keep(new RedisCounter(settings(), listeningLogger())));
    await cache.set("key", Buffer.from("value"), 60_000);
    expect(await counter.add("key", 5)).toBe(5);
    for (const [fail, heal] of [
      [async () => server.pause(), async () => server.resume()],
      [() => server.kill(), () => server.restart()],
    ] as const) {
      await fail();
      for (let at = 0; at < 20; at++) {
        const startedAt = performance.now();
        expect(await cache.get("key")).toBeUndefined();
        await cache.set("other", Buffer.from("value"), 60_000);
        expect(await counter.add("another", 1)).toBe(0);
        expect(performance.now() - startedAt).toBeLessThan(3 * CACHE_REDIS_MS_MAX + SLACK_MS);
      }
      await heal();
      await Promise.all([connected(cache), connected(counter)]);
    }
    await cache.set("key", Buffer.from("again"), 60_000);
    expect(Buffer.from((await cache.get("key"))!).toString()).toBe("again");
  });

  it("that refuses to write is told once, not again and again, and is used again when it takes writes", async () => {
    const logger = listeningLogger();
    const cache = await connected(keep(new RedisCache(settings(), logger)));
    const limiter = await openLimiter(logger);
    const admin = openAdmin();
    logger.lines.length = 0;
    await admin.call("CONFIG", "SET", "maxmemory", "1");
    for (let at = 0; at < 20; at++) {
      expect(await cache.get("full")).toBeUndefined();
      await cache.set("full", Buffer.from("value"), 60_000);
      expect((await limiter.take("client", 1)).allowed).toBe(true);
      await sleep(10);
    }
    expect(logger.lines).toEqual(Array(2).fill("Redis refuses a command; this process does without it")); // One of each.
    await admin.call("CONFIG", "SET", "maxmemory", "0");
    await cache.set("full", Buffer.from("value"), 60_000);
    expect(Buffer.from((await cache.get("full"))!).toString()).toBe("value");
  });

  it("that became a replica is given up for another connection, which leads to the primary of then", async () => {
    const cache = await connected(keep(new RedisCache(settings(), listeningLogger())));
    const limiter = await openLimiter();
    const admin = openAdmin();
    const connectionsBefore = await connectionsReceived(admin);
    await admin.replicaof("127.0.0.1", 1);
    try {
      for (let at = 0; at < 20; at++) {
        await cache.set("key", Buffer.from("value"), 60_000);
        expect((await limiter.take("client of a replica", 1)).allowed).toBe(true);
        await sleep(20);
      }
      expect((await connectionsReceived(admin)) - connectionsBefore).toBe(2); // One of each.
    } finally {
      await admin.call("REPLICAOF", "NO", "ONE");
    }
    await connected(cache);
    await cache.set("key", Buffer.from("again"), 60_000);
    expect(Buffer.from((await cache.get("key"))!).toString()).toBe("again");
  });

  it("that was never there lets all of them decide at once", async () => {
    const nowhere = { url: "redis://127.0.0.1:1", prefix: "test", ...LIMITS, replicas: REPLICAS };
    const limiter = keep(new RedisRateLimiter(nowhere, listeningLogger()));
    const cache = keep(new RedisCache(nowhere, listeningLogger()));
    const startedAt = performance.now();
    expect(await limiter.take("client", 1)).toMatchObject({ allowed: true, retryAfterMs: 0 });
    expect(await cache.get("key")).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(CACHE_REDIS_MS_MAX * 5);
    await expect(limiter.check()).rejects.toMatchObject({ kind: "store_unavailable" });
  });
});

async function connectionsReceived(redis: Redis): Promise<number> {
  return Number(/total_connections_received:(\d+)/.exec(await redis.info("stats"))![1]);
}
