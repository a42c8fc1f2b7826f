import { LogPulseError } from "../domain/errors.ts";
import {
  LIMITER_SLOW_DOWN_MS_MAX,
  LIMITER_SLOWED_CALLS_MAX,
  LIMITER_WAITING_BYTES_MAX,
  LIMITER_WAITING_BYTES_PER_CLIENT_MAX,
  STREAM_WINDOW_BYTES,
} from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { RateLimiter, Take } from "../ports/rate-limiter.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { LimiterLine } from "./limiter-line.ts";
import { SharedRoom } from "./shared-room.ts";
import type { WalkedBatch } from "./walk-batch.ts";

/** Whose bucket, and whose part of shared room, a call uses. */
export function senderOf({ tenant, client }: CallContext): string {
  return `${tenant}/${client}`;
}

/** The share of each sender, as ingest applies it: a call over it is refused, a stream waits. */
export class SenderLimit {
  private readonly limiter: RateLimiter;
  private readonly clock: Clock;
  private slowedCalls = 0;
  private readonly lines = new Map<string, LimiterLine>(); // By sender, where batches wait.
  private readonly waitingBytes = new SharedRoom(LIMITER_WAITING_BYTES_MAX, LIMITER_WAITING_BYTES_PER_CLIENT_MAX);

  constructor(limiter: RateLimiter, clock: Clock) {
    this.limiter = limiter;
    this.clock = clock;
  }

  /** How many senders have batches that wait. */
  get sendersWaiting(): number {
    return this.lines.size;
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
   * Takes the batch's records from its sender's share, as soon as that holds any and the batches that came before have
   * theirs. `onWait` is told, in milliseconds, that it does not, and again where that will be longer than was told.
   * Gives the tokens that are left: undefined where nothing limits.
   *
   * @throws LogPulseError `overloaded`: batches that wait hold all the memory they may (LIMITER_WAITING_BYTES_MAX, and
   * LIMITER_WAITING_BYTES_PER_CLIENT_MAX). Otherwise the reason of `signal`, which ends the wait.
   */
  async orWait(batch: WalkedBatch, context: CallContext, signal: AbortSignal, onWait: (ms: number) => void) {
    const sender = senderOf(context);
    const ask = () => this.take(batch, context);
    // Whoever comes while others wait does not ask: it would take what is theirs.
    const refused = this.lines.has(sender) ? undefined : await ask();
    if (refused?.allowed) return refused.tokensLeft;
    const line = this.lines.get(sender) ?? new LimiterLine(this.clock);
    if (refused !== undefined) line.note(refused);
    // The batch, and what its client has sent behind it: nobody reads that now. The transport counts those bytes too
    // (RECEIVED_BYTES_MAX), but does not take a call for slow while its handler works. This bounds them there: about
    // LIMITER_WAITING_BYTES_MAX / STREAM_WINDOW_BYTES = 128 streams wait, with a window each.
    const bytes = batch.bytes.length + STREAM_WINDOW_BYTES;
    if (!this.waitingBytes.take(sender, bytes)) throw noRoomToWait(line.waitMs);
    this.lines.set(sender, line);
    try {
      return await line.take(ask, signal, onWait);
    } finally {
      this.waitingBytes.giveBack(sender, bytes);
      if (line.isEmpty && this.lines.get(sender) === line) this.lines.delete(sender);
    }
  }

  private take(batch: WalkedBatch, context: CallContext): Promise<Take> {
    return this.limiter.take(senderOf(context), batch.recordCount);
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
  const message =
    "there is no room for another batch that waits for its sender's limit: those that wait may hold " +
    `${LIMITER_WAITING_BYTES_PER_CLIENT_MAX} bytes of one client, ${LIMITER_WAITING_BYTES_MAX} of all`;
  return new LogPulseError("overloaded", message, { retryAfterMs });
}

function overLimit({ tenant, client }: CallContext, retryAfterMs: number): LogPulseError {
  const message = `client ${client} of tenant ${tenant} is over its limit; wait ${retryAfterMs} ms`;
  const quota = { subject: `client:${client}`, description: "records per second" };
  return new LogPulseError("rate_limited", message, { retryAfterMs, quota });
}
