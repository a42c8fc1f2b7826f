import { boundedKey } from "../../domain/bounded-key.ts";
import { LIMITER_CLIENTS_MAX, LIMITER_LEASE_SHARE_MAX, LIMITER_REDIS_MS_MAX } from "../../domain/limits.ts";
import { TokenBuckets } from "../../domain/token-buckets.ts";
import type { Logger } from "../../ports/logger.ts";
import type { RateLimiter, RateLimiterSettings, Take } from "../../ports/rate-limiter.ts";
import { defineTakeTokens } from "./bucket-script.ts";
import { RedisConnection, type RedisSettings } from "./connection.ts";
import { RememberedClients } from "./remembered-clients.ts";

/** The limit that all replicas share, and this process's part of it. */
export interface RedisRateLimiterSettings extends RedisSettings, RateLimiterSettings {
  /** How many processes share the limit: this one's share without Redis is limit / replicas. */
  replicas: number;
}

/**
 * Buckets in Redis, shared by all replicas. A process takes a few tokens ahead (a lease of at most 1 % of the capacity,
 * for at most a second), so that small calls are answered here.
 *
 * Over any time T, all replicas together admit to one client at most
 * capacity + refill × T + one debt (of the largest call) + replicas × lease:
 * leased tokens are taken out of the bucket first, so they only shift in time. Where Redis goes away within T, what each
 * process admits by itself comes on top: at most its share of capacity + refill × T, less what it had just admitted.
 */
export class RedisRateLimiter implements RateLimiter {
  private readonly settings: RedisRateLimiterSettings;
  private readonly connection: RedisConnection;
  private readonly clients: RememberedClients;
  private readonly local: TokenBuckets;

  constructor(settings: RedisRateLimiterSettings, logger: Logger) {
    this.settings = settings;
    this.connection = new RedisConnection(settings, logger);
    defineTakeTokens(this.connection.redis);
    this.clients = new RememberedClients(Math.floor(settings.capacity * LIMITER_LEASE_SHARE_MAX), LIMITER_CLIENTS_MAX);
    const share = {
      capacity: Math.max(1, settings.capacity / settings.replicas), // A bucket that never holds one token admits nobody.
      refillPerSecond: settings.refillPerSecond / settings.replicas,
    };
    this.local = new TokenBuckets(share, LIMITER_CLIENTS_MAX);
  }

  async take(key: string, cost: number): Promise<Take> {
    const client = boundedKey(key);
    const take = this.clients.answer(client, cost, performance.now()) ?? (await this.takeFromRedis(client, cost));
    if (take === undefined) return this.local.take(client, cost, performance.now());
    // What was admitted counts against the local share too: when Redis goes away, nobody finds a full bucket again.
    if (take.allowed) this.local.charge(client, cost, performance.now());
    return take;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** Undefined where Redis did not answer in time. The tokens may be taken then, and are not asked for again. */
  private async takeFromRedis(client: string, cost: number): Promise<Take | undefined> {
    const { prefix, capacity, refillPerSecond } = this.settings;
    const asked = this.clients.ask(client, cost, performance.now()); // Not the time of day: that can be set back.
    try {
      const [allowed, retryAfterMs, leased] = await this.connection.ask(
        (redis) => redis.takeTokens(`${prefix}:limit:${client}`, capacity, refillPerSecond, cost, asked),
        LIMITER_REDIS_MS_MAX,
      );
      this.clients.answered(client, asked, leased, retryAfterMs, performance.now());
      return { allowed: allowed === 1, retryAfterMs };
    } catch {
      this.clients.unanswered(client, asked);
      return undefined; // The connection has told our log.
    }
  }
}
