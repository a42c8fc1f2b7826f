import type { Cache } from "../../ports/cache.ts";
import type { Metric } from "../../ports/metrics.ts";
import { countMetric } from "./count-metric.ts";

/** A cache that counts what it is asked for. */
export class CountedCache implements Cache {
  private readonly cache: Cache;
  private readonly counts = { hit: 0, miss: 0 };

  constructor(cache: Cache) {
    this.cache = cache;
  }

  /** Its counts. */
  get metric(): Metric {
    return countMetric(
      {
        name: "logpulse_cache_reads_total",
        help: "Reads of the cache; a miss is asked of the store.",
        label: "result",
      },
      () => this.counts,
    );
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const value = await this.cache.get(key);
    this.counts[value === undefined ? "miss" : "hit"]++;
    return value;
  }

  set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    return this.cache.set(key, value, ttlMs);
  }

  close(): Promise<void> {
    return this.cache.close();
  }
}
