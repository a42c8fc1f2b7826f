import { LogPulseError } from "../domain/errors.ts";
import {
  LIMITER_ASK_AGAIN_MS_MAX,
  LIMITER_SLOW_DOWN_MS_MAX,
  LIMITER_SLOWED_CALLS_MAX,
  LIMITER_WAITING_BYTES_MAX,
} from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { RateLimiter, Take } from "../ports/rate-limiter.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import type { WalkedBatch } from "./walk-batch.ts";

/** The share of each sender, as ingest applies it: a call over it is refused, a stream waits. */
export class SenderLimit {
  private readonly limiter: RateLimiter;
  private readonly clock: Clock;
  private slowedCalls = 0;
  private waitingBytes = 0;

  constructor(limiter: RateLimiter, clock: Clock) {
    this.limiter = limiter;
    this.clock = clock;
  }

  /**
   * Takes the batch's records from its sender's share. A sender over it is slowed down a little first: that alone brings
   * most of them back within it.
   *
   * @throws LogPulseError `rate_limited` with the wait; and the reason of `context.signal`.
   */
  async orRefuse(batch: WalkedBatch, context: CallContext): Promise<void> {
    let take = await this.take(batch, context);
    if (!take.allowed && this.slowedCalls < LIMITER_SLOWED_CALLS_MAX) {
      await this.slowDown(take.retryAfterMs, context.signal);
      take = await this.take(batch, context);
    }
    if (!take.allowed) throw overLimit(context, take.retryAfterMs);
  }

  /**
   * Takes the batch's records from its sender's share, as soon as that holds any. `onWait` is told, in milliseconds,
   * whenever it does not. Gives the tokens that are left: undefined where nothing limits.
   *
   * @throws LogPulseError `overloaded`: batches that wait hold all the memory they may (LIMITER_WAITING_BYTES_MAX).
   * Otherwise the reason of `signal`, which ends the wait.
   */
  async orWait(batch: WalkedBatch, context: CallContext, signal: AbortSignal, onWait: (ms: number) => void) {
    let take = await this.take(batch, context);
    if (take.allowed) return take.tokensLeft;
    const { length } = batch.bytes;
    if (this.waitingBytes + length > LIMITER_WAITING_BYTES_MAX) throw noRoomToWait(take.retryAfterMs);
    this.waitingBytes += length;
    try {
      while (!take.allowed) {
        onWait(take.retryAfterMs);
        await this.clock.sleep(Math.min(take.retryAfterMs, LIMITER_ASK_AGAIN_MS_MAX), signal);
        take = await this.take(batch, context);
      }
      return take.tokensLeft;
    } finally {
      this.waitingBytes -= length;
    }
  }

  private take(batch: WalkedBatch, { tenant, client }: CallContext): Promise<Take> {
    return this.limiter.take(`${tenant}/${client}`, batch.recordCount);
  }

  private async slowDown(retryAfterMs: number, signal: AbortSignal): Promise<void> {
    this.slowedCalls++;
    try {
      await this.clock.sleep(Math.min(retryAfterMs, LIMITER_SLOW_DOWN_MS_MAX), signal);
    } finally {
      this.slowedCalls--;
    }
  }
}

function noRoomToWait(retryAfterMs: number): LogPulseError {
  const message = `batches that wait for their senders' limits hold ${LIMITER_WAITING_BYTES_MAX} bytes, which is all they may`;
  return new LogPulseError("overloaded", message, { retryAfterMs });
}

function overLimit({ tenant, client }: CallContext, retryAfterMs: number): LogPulseError {
  const message = `client ${client} of tenant ${tenant} is over its limit; wait ${retryAfterMs} ms`;
  const quota = { subject: `client:${client}`, description: "records per second" };
  return new LogPulseError("rate_limited", message, { retryAfterMs, quota });
}
