import type { RedisFailure } from "../../adapters/redis/connection.ts";
import type { Metric } from "../../ports/metrics.ts";
import { countMetric } from "./count-metric.ts";

/** Counts the commands that a role had to do without. */
export class RedisFailures {
  private readonly counts: Record<RedisFailure, number> = { unanswered: 0, refused: 0 };

  /** Its counts. */
  get metric(): Metric {
    return countMetric(
      {
        name: "logpulse_redis_failed_commands_total",
        help: "Commands that Redis did not answer in time, or refused; this process did without.",
        label: "how",
      },
      () => this.counts,
    );
  }

  /** Counts one; `onFailed` of RedisSettings. */
  readonly note = (how: RedisFailure): void => {
    this.counts[how]++;
  };
}
