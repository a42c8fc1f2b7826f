import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { cacheContract } from "../../ports/cache.contract.ts";
import { counterContract } from "../../ports/counter.contract.ts";
import { rateLimiterContract } from "../../ports/rate-limiter.contract.ts";
import { RedisCache } from "./cache.ts";
import { RedisCounter } from "./counter.ts";
import { RedisRateLimiter } from "./rate-limiter.ts";
import { connected, listeningLogger } from "./redis.fixture.ts";

const servers = realServers();

describe.runIf(servers)("on a real Redis", () => {
  const prefix = `test-${randomUUID()}`;
  const settings = { url: servers?.redisUrl ?? "", prefix, replicas: 3, answerMsMax: 2_000 };
  const logger = listeningLogger();
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(settings.url);
  });
  afterAll(async () => {
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
  });
  const pass = (ms: number) => sleep(ms + 5);

  rateLimiterContract("redis", async (limits) => {
    const limiter = await connected(new RedisRateLimiter({ ...settings, ...limits }, logger));
    return { limiter, pass };
  });
  cacheContract("redis", async () => ({ cache: await connected(new RedisCache(settings, logger)), pass }));
  counterContract("redis", () => connected(new RedisCounter(settings, logger)));
});
