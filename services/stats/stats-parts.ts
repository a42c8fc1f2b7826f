import type { Cache } from "../ports/cache.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogStats } from "../ports/log-stats.ts";

/** A range that GetStats knows. */
export type StatsRange = "hour" | "day" | "week";

/** What the stats role is made of. */
export interface StatsParts {
  stats: LogStats;
  cache: Cache;
  clock: Clock;
  /** How long an answer of GetStats is remembered, by its range. 0: not at all. */
  ttlMs: Record<StatsRange, number>;
  /** Of the store that `stats` reads: see watermark.ts. */
  watermark: {
    /** Every request that was acknowledged before that time is counted; undefined where nobody can say. */
    read(): Promise<bigint | undefined>;
  };
}
