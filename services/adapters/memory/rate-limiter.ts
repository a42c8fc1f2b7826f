import { LIMITER_CLIENTS_MAX } from "../../domain/limits.ts";
import { TokenBuckets } from "../../domain/token-buckets.ts";
import type { Clock } from "../../ports/clock.ts";
import type { RateLimiter, RateLimiterSettings, Take } from "../../ports/rate-limiter.ts";

/** A limiter of one process on its own: exact, and forgotten when the process ends. */
export class MemoryRateLimiter implements RateLimiter {
  private readonly buckets: TokenBuckets;
  private readonly clock: Clock;

  /** `clientsMax`: how many buckets are remembered; see TokenBuckets for what is beyond. */
  constructor(settings: RateLimiterSettings, clock: Clock, clientsMax = LIMITER_CLIENTS_MAX) {
    this.buckets = new TokenBuckets(settings, clientsMax);
    this.clock = clock;
  }

  async take(key: string, cost: number): Promise<Take> {
    return this.buckets.take(key, cost, this.clock.nowMs());
  }

  async close(): Promise<void> {}
}
