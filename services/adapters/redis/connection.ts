import { Redis } from "ioredis";
import { LogPulseError } from "../../domain/errors.ts";
import { REDIS_COOL_DOWN_MS } from "../../domain/limits.ts";
import type { Logger } from "../../ports/logger.ts";
import { isFromReplica, isRefusedByRedis, NotAsked } from "./errors.ts";

/** How Redis is reached. */
export interface RedisSettings {
  /** redis://user:password@host:port/database */
  url: string;
  /** Stands before each key, so that several environments can share one Redis. */
  prefix: string;
  /** How long an answer may take before Redis is given up, where another bound than the usual is wanted. */
  answerMsMax?: number;
  /** Told of each command that its caller had to do without. */
  onFailed?: (how: RedisFailure) => void;
}

/** Redis did not answer in time, or was not asked since it had just failed; or it refused this one command. */
export type RedisFailure = "unanswered" | "refused";

const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 1_000;
const SILENCE_MS_MAX = 2_000; // A connection that owes an answer for so long is given up and made anew.
const LOOK_FOR_PRIMARY_MS_MIN = 10_000; // So seldom a connection is given up because it leads to a replica.
const TELL_REFUSAL_MS_MIN = 60_000; // Each call may be refused, for as long as that lasts.

/**
 * One connection to Redis that never makes anybody wait: a command is answered within its bound or fails.
 *
 * After a failure Redis is left alone for REDIS_COOL_DOWN_MS; commands fail at once meanwhile. Then a single one is let
 * through, and its success lets all through again. No command is ever sent twice: one whose answer was lost may have been
 * carried out.
 */
export class RedisConnection {
  readonly redis: Redis;
  private readonly answerMsMax: number;
  private readonly logger: Logger;
  private readonly onFailed: (how: RedisFailure) => void;
  private coolDownEndsMs = 0;
  private trying = false;
  private away = false;
  private gathering = false;
  private refusalToldMs = Number.NEGATIVE_INFINITY;
  private primaryLookedForMs = Number.NEGATIVE_INFINITY;

  /** `answerMsMax`: where the settings do not say. */
  constructor(settings: RedisSettings, answerMsMax: number, logger: Logger) {
    this.answerMsMax = settings.answerMsMax ?? answerMsMax;
    this.logger = logger;
    this.onFailed = settings.onFailed ?? (() => {});
    this.redis = new Redis(settings.url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectTimeout: SILENCE_MS_MAX,
      socketTimeout: SILENCE_MS_MAX,
      reconnectOnError: (reason) => isFromReplica(reason) && this.mayLookForPrimary(),
      retryStrategy: (times) => Math.min(RECONNECT_MS_MIN * 2 ** Math.min(times, 10), RECONNECT_MS_MAX),
    });
    // Each command that fails says so itself; without a listener ioredis would print every try to connect.
    this.redis.on("error", (err) => this.failed(err));
  }

  /**
   * The command's answer.
   *
   * @throws NotAsked where the command was not sent.
   * @throws Error where Redis did not answer in time, or refused the command: it may have been carried out.
   */
  async ask<Answer>(command: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    this.requireConnection();
    this.gather();
    return this.answerOf(command);
  }

  /** The same for a command that others need not wait for: it leaves by itself. */
  async askAlone<Answer>(command: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    this.requireConnection();
    return this.answerOf(command);
  }

  /** Redis refused something that a command carried, and did the rest of it: ioredis sees no error there. */
  refusedInside(err: Error): void {
    this.refused(err);
    if (isFromReplica(err) && this.mayLookForPrimary()) this.redis.disconnect(true);
    this.onFailed("refused");
  }

  private async answerOf<Answer>(command: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await within(this.answerMsMax, command(this.redis));
      this.succeeded();
      return answer;
    } catch (reason) {
      const isRefused = isRefusedByRedis(reason);
      if (isRefused) this.refused(reason);
      else this.failed(reason);
      this.onFailed(isRefused ? "refused" : "unanswered");
      throw reason;
    }
  }

  /** @throws LogPulseError `store_unavailable`: Redis does not answer now. For health: nobody needs Redis to go on. */
  async check(): Promise<void> {
    try {
      await this.ask((redis) => redis.ping());
    } catch (cause) {
      throw new LogPulseError("store_unavailable", "Redis does not answer", { cause });
    }
  }

  /** Closes the connection at once; commands under way fail. */
  async close(): Promise<void> {
    this.redis.disconnect();
  }

  /**
   * Commands of one turn of the event loop leave in one write: handing bytes to a socket costs several times what all else
   * does that a command needs here (docs/benchmarks/JOURNAL.md). Not ioredis' own pipelining: that one answers with an error
   * where Redis has forgotten a script.
   */
  private gather(): void {
    if (this.gathering) return;
    this.gathering = true;
    const { stream } = this.redis;
    stream.cork();
    setImmediate(() => {
      this.gathering = false;
      stream.uncork();
    });
  }

  /** @throws NotAsked. */
  private requireConnection(): void {
    if (!this.mayAsk()) {
      this.onFailed("unanswered");
      throw new NotAsked("Redis has just failed");
    }
    if (this.redis.status === "ready") return;
    this.onFailed("unanswered");
    throw this.failed(new NotAsked(`the connection to Redis is in state "${this.redis.status}"`));
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

  /** It is there and answers. */
  private refused(err: Error): void {
    this.succeeded();
    if (performance.now() - this.refusalToldMs < TELL_REFUSAL_MS_MIN) return;
    this.refusalToldMs = performance.now();
    this.logger.warn({ err }, "Redis refuses a command; this process does without it");
  }

  private mayLookForPrimary(): boolean {
    if (performance.now() - this.primaryLookedForMs < LOOK_FOR_PRIMARY_MS_MIN) return false;
    this.primaryLookedForMs = performance.now();
    return true;
  }

  private failed<Reason>(err: Reason): Reason {
    this.trying = false;
    this.coolDownEndsMs = performance.now() + REDIS_COOL_DOWN_MS;
    if (!this.away) this.logger.warn({ err }, "Redis does not answer; this process does without it until it does");
    this.away = true;
    return err;
  }
}

/**
 * Not ioredis' own commandTimeout: that one also cuts the first words on a new connection, which may take longer.
 *
 * A timer that is due looks once more at what has arrived: where this process was busy for longer than the bound, the
 * answer is there, and Redis was not slow.
 */
async function within<Answer>(msMax: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new Error(`no answer from Redis within ${msMax} ms`));
    timer = setTimeout(() => setImmediate(giveUp), msMax); // Immediates come after the sockets have been read.
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
