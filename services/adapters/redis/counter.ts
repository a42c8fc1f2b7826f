import { boundedKey } from "../../domain/bounded-key.ts";
import { CACHE_REDIS_MS_MAX } from "../../domain/limits.ts";
import type { Counter } from "../../ports/counter.ts";
import type { Logger } from "../../ports/logger.ts";
import { RedisConnection, type RedisSettings } from "./connection.ts";

/** Counts that all replicas share, for display. One whose answer was lost may be counted or not. */
export class RedisCounter implements Counter {
  private readonly connection: RedisConnection;
  private readonly keyPrefix: string;

  constructor(settings: RedisSettings, logger: Logger) {
    this.connection = new RedisConnection(settings, CACHE_REDIS_MS_MAX, logger);
    this.keyPrefix = `${settings.prefix}:count:`;
  }

  async add(key: string, amount: number): Promise<number> {
    try {
      return await this.connection.ask((redis) => redis.incrby(this.keyPrefix + boundedKey(key), amount));
    } catch {
      return 0;
    }
  }

  /** @throws LogPulseError `store_unavailable`: Redis does not answer now. */
  check(): Promise<void> {
    return this.connection.check();
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
