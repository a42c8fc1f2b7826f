import { boundedKey } from "../../domain/bounded-key.ts";
import { CACHE_REDIS_MS_MAX } from "../../domain/limits.ts";
import type { Cache } from "../../ports/cache.ts";
import type { Logger } from "../../ports/logger.ts";
import { RedisConnection, type RedisSettings } from "./connection.ts";

/** A cache that all replicas share. Without Redis nothing is remembered, and nobody waits longer than CACHE_REDIS_MS_MAX. */
export class RedisCache implements Cache {
  private readonly connection: RedisConnection;
  private readonly keyPrefix: string;

  constructor(settings: RedisSettings, logger: Logger) {
    this.connection = new RedisConnection(settings, CACHE_REDIS_MS_MAX, logger);
    this.keyPrefix = `${settings.prefix}:cache:`;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      return (await this.connection.ask((redis) => redis.getBuffer(this.name(key)))) ?? undefined;
    } catch {
      return undefined; // The connection has told our log.
    }
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    if (ttlMs < 1) return;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    try {
      await this.connection.ask((redis) => redis.set(this.name(key), bytes, "PX", Math.ceil(ttlMs)));
    } catch {
      // Not remembered.
    }
  }

  /** @throws LogPulseError `store_unavailable`: Redis does not answer now. */
  check(): Promise<void> {
    return this.connection.check();
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private name(key: string): string {
    return this.keyPrefix + boundedKey(key);
  }
}
