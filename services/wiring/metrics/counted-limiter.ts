import type { Metric } from "../../ports/metrics.ts";
import type { RateLimiter, Take } from "../../ports/rate-limiter.ts";
import { countMetric } from "./count-metric.ts";

/** A limiter that counts what it decides. */
export class CountedLimiter implements RateLimiter {
  private readonly limiter: RateLimiter;
  private readonly counts = { allowed: 0, refused: 0 };

  constructor(limiter: RateLimiter) {
    this.limiter = limiter;
  }

  /** Its counts. */
  get metric(): Metric {
    return countMetric(
      {
        name: "logpulse_limiter_decisions_total",
        help: "Answers of the limiter; a sender that waits asks again, and is counted again.",
        label: "decision",
      },
      () => this.counts,
    );
  }

  async take(key: string, cost: number): Promise<Take> {
    const take = await this.limiter.take(key, cost);
    this.counts[take.allowed ? "allowed" : "refused"]++;
    return take;
  }

  close(): Promise<void> {
    return this.limiter.close();
  }
}
