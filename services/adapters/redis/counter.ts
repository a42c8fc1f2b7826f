import { boundedKey } from "../../domain/bounded-key.ts";
import type { Counter } from "../../ports/counter.ts";
import type { Logger } from "../../ports/logger.ts";
import { RedisConnection, type RedisSettings } from "./connection.ts";

/** Counts that all replicas share, for display. One whose answer was lost may be counted or not. */
export class RedisCounter implements Counter {
  private readonly connection: RedisConnection;
  private readonly keyPrefix: string;

  constructor(settings: RedisSettings, logger: Logger) {
    this.connection = new RedisConnection(settings, logger);
    this.keyPrefix = `${settings.prefix}:count:`;
  }

  async add(key: string, amount: number): Promise<number> {
    try {
      return await this.connection.ask((redis) => redis.incrby(this.keyPrefix + boundedKey(key), amount));
    } catch {
      return 0;
    }
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
