import { boundedKey } from "../../domain/bounded-key.ts";
import { LIMITER_CLIENTS_MAX, LIMITER_LEASE_SHARE_MAX, LIMITER_REDIS_MS_MAX } from "../../domain/limits.ts";
import { TokenBuckets } from "../../domain/token-buckets.ts";
import type { Logger } from "../../ports/logger.ts";
import type { RateLimiter, RateLimiterSettings, Take } from "../../ports/rate-limiter.ts";
import { type BucketTake, defineTakeTokens, takeTokens } from "./bucket-script.ts";
import { RedisConnection, type RedisSettings } from "./connection.ts";
import { NotAsked } from "./errors.ts";
import { GatheredTakes } from "./gathered-takes.ts";
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
 *
 *     capacity + refill × T + replicas × lease + one debt (the cost of the largest call)
 *
 * since leased tokens are taken out of the bucket first, and only move in time. Where Redis does not answer, each process
 * decides by its share (capacity and refill / replicas), less what it had just admitted, and pays Redis afterwards. Then
 * one debt for each process comes on top; what Redis forgot (one capacity where it lost its keys); and what was admitted in
 * calls that were sent and not answered, where Redis would have refused: at most the share, and so at most the limit again.
 */
export class RedisRateLimiter implements RateLimiter {
  private readonly settings: RedisRateLimiterSettings;
  private readonly connection: RedisConnection;
  private readonly takes: GatheredTakes;
  private readonly clients: RememberedClients;
  private readonly local: TokenBuckets;

  constructor(settings: RedisRateLimiterSettings, logger: Logger) {
    this.settings = settings;
    this.connection = new RedisConnection(settings, LIMITER_REDIS_MS_MAX, logger);
    defineTakeTokens(this.connection.redis);
    this.takes = new GatheredTakes((takes) => this.askRedis(takes));
    this.clients = new RememberedClients(Math.floor(settings.capacity * LIMITER_LEASE_SHARE_MAX), LIMITER_CLIENTS_MAX);
    const share = {
      capacity: Math.max(1, settings.capacity / settings.replicas), // A bucket that never holds one token admits nobody.
      refillPerSecond: settings.refillPerSecond / settings.replicas,
    };
    this.local = new TokenBuckets(share, LIMITER_CLIENTS_MAX);
  }

  async take(key: string, cost: number): Promise<Take> {
    const client = boundedKey(key);
    const now = performance.now(); // Not the time of day: that can be set back.
    const known = this.clients.answer(client, cost, now);
    return known === undefined ? this.takeFromRedis(client, cost, now) : this.noted(client, cost, known);
  }

  /** @throws LogPulseError `store_unavailable`: Redis does not answer now. */
  check(): Promise<void> {
    return this.connection.check();
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private async takeFromRedis(client: string, cost: number, now: number): Promise<Take> {
    const key = `${this.settings.prefix}:limit:${client}`;
    const asked = this.clients.ask(client, cost, now);
    const owed = Math.min(asked.owed, this.local.missing(client, now)); // The rest was earned meanwhile.
    try {
      const answer = await this.takes.take({ key, cost, lease: asked.lease, owed });
      const { allowed, retryAfterMs, leased, left } = answer;
      this.clients.answered(client, asked, { leased, left, refusedMs: retryAfterMs }, performance.now());
      return this.noted(client, cost, { allowed, retryAfterMs, tokensLeft: leased + left });
    } catch (reason) {
      this.clients.unanswered(client, asked); // The connection tells our log.
      const take = this.local.take(client, cost, performance.now());
      if (reason instanceof NotAsked) this.clients.owe(client, owed + (take.allowed ? cost : 0));
      return take;
    }
  }

  private async askRedis(takes: readonly BucketTake[]) {
    const answers = await this.connection.askAlone((redis) => takeTokens(redis, this.settings, takes));
    for (const answer of answers) if (answer instanceof Error) this.connection.refusedInside(answer);
    return answers;
  }

  /** What was admitted counts against the local share too: when Redis goes away, nobody finds a full bucket again. */
  private noted(client: string, cost: number, take: Take): Take {
    if (take.allowed) this.local.charge(client, cost, performance.now());
    return take;
  }
}
