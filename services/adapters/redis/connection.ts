import { Redis } from "ioredis";
import { CACHE_REDIS_MS_MAX, REDIS_COOL_DOWN_MS } from "../../domain/limits.ts";
import type { Logger } from "../../ports/logger.ts";
import { isRefusedByRedis, redisAway } from "./errors.ts";

/** How Redis is reached. */
export interface RedisSettings {
  /** redis://user:password@host:port/database */
  url: string;
  /** Stands before each key, so that several environments can share one Redis. */
  prefix: string;
}

const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 1_000;
const SILENCE_MS_MAX = 2_000; // A connection that owes an answer for so long is given up and made anew.

/**
 * One connection to Redis that never makes anybody wait: a command is answered within its bound or fails.
 *
 * After a failure Redis is left alone for REDIS_COOL_DOWN_MS; commands fail at once meanwhile. Then a single one is let
 * through, and its success lets all through again. No command is ever sent twice: one whose answer was lost may have been
 * carried out.
 */
export class RedisConnection {
  readonly redis: Redis;
  private readonly logger: Logger;
  private coolDownEndsMs = 0;
  private trying = false;
  private away = false;

  constructor({ url }: RedisSettings, logger: Logger) {
    this.logger = logger;
    this.redis = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectTimeout: SILENCE_MS_MAX,
      socketTimeout: SILENCE_MS_MAX,
      retryStrategy: (times) => Math.min(RECONNECT_MS_MIN * 2 ** Math.min(times, 10), RECONNECT_MS_MAX),
    });
    // Each command that fails says so itself; without a listener ioredis would print every try to connect.
    this.redis.on("error", (err) => this.failed(err));
  }

  /**
   * The command's answer.
   *
   * `msMax`: how long it may take.
   * @throws Error where Redis is away, slow, or refuses the command. It may have been carried out.
   */
  async ask<Answer>(command: (redis: Redis) => Promise<Answer>, msMax = CACHE_REDIS_MS_MAX): Promise<Answer> {
    if (!this.mayAsk()) throw redisAway("it has just failed");
    try {
      const answer = await within(msMax, command(this.redis));
      this.succeeded();
      return answer;
    } catch (reason) {
      if (isRefusedByRedis(reason))
        this.succeeded(); // It is there and answers.
      else this.failed(reason);
      throw reason;
    }
  }

  /** Closes the connection at once; commands under way fail. */
  async close(): Promise<void> {
    this.redis.disconnect();
  }

  private mayAsk(): boolean {
    if (!this.away) return true;
    if (this.trying || performance.now() < this.coolDownEndsMs) return false;
    this.trying = true;
    return true;
  }

  private succeeded(): void {
    this.trying = false;
    if (!this.away) return;
    this.away = false;
    this.logger.info({}, "Redis answers again");
  }

  private failed(err: unknown): void {
    this.trying = false;
    this.coolDownEndsMs = performance.now() + REDIS_COOL_DOWN_MS;
    if (this.away) return;
    this.away = true;
    this.logger.warn({ err }, "Redis does not answer; this process does without it until it does");
  }
}

/** Not ioredis' own commandTimeout: that one also cuts the first words on a new connection, which may take longer. */
async function within<Answer>(msMax: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(redisAway(`no answer within ${msMax} ms`)), msMax);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
