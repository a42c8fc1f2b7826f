import type { RateLimiter, Take } from "../../ports/rate-limiter.ts";

/** The limiter that is switched off: everybody may send everything. */
export class NoLimiter implements RateLimiter {
  async take(): Promise<Take> {
    return { allowed: true, retryAfterMs: 0, tokensLeft: undefined };
  }

  async close(): Promise<void> {}
}
