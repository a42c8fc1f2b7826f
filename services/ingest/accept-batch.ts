import { LogPulseError } from "../domain/errors.ts";
import { isUuidV7, uuidV7TimeMs } from "../domain/identity.ts";
import { LIMITER_SLOW_DOWN_MS_MAX, LIMITER_SLOWED_CALLS_MAX, PRODUCER_AHEAD_MS_MAX } from "../domain/limits.ts";
import { partitionOf } from "../domain/partition.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { RateLimiter } from "../ports/rate-limiter.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { AssignedProducers } from "./assigned-producers.ts";
import type { IngestCounts } from "./ingest-counts.ts";
import { JoinedAppender } from "./joined-appender.ts";
import { sealBatch } from "./seal-batch.ts";
import { type WalkedBatch, type WalkedReject, walkBatch } from "./walk-batch.ts";

const DAY_MS = 86_400_000;

/** What ingest is made of. */
export interface IngestParts {
  log: EventLog;
  limiter: RateLimiter;
  clock: Clock;
  randomBytes: (count: number) => Uint8Array;
  counts: IngestCounts;
  /** The oldest producer id that is taken, in days: below what the stores keep, so that a late replay still fits. */
  producerAgeDaysMax: number;
}

/** A batch that is checked and within its sender's limit, on its way into the log. */
export interface AcceptedBatch {
  producerId: Uint8Array;
  firstSeq: number;
  recordCount: number;
  rejects: readonly WalkedReject[];
  /** Resolves once the log keeps it; rejects as JoinedAppender.append. Always to be awaited. */
  kept: Promise<void>;
}

/** Takes encoded batches: walk, identity, limit, seal, append. All ways in go through here. */
export class BatchAcceptor {
  private readonly parts: IngestParts;
  private readonly appender: JoinedAppender;
  private readonly assigned: AssignedProducers;
  private slowedCalls = 0;

  constructor(parts: IngestParts) {
    this.parts = parts;
    this.appender = new JoinedAppender(parts.log);
    this.assigned = new AssignedProducers(parts.log.partitions, parts.clock, parts.randomBytes);
  }

  /**
   * Resolves when the batch stands in the queue to the log: earlier batches of the caller stand in front of it.
   *
   * @throws LogPulseError `invalid_batch`, `producer_expired`, `rate_limited`: nothing of it is kept.
   */
  async accept(bytes: Uint8Array, context: CallContext): Promise<AcceptedBatch> {
    const walked = this.counted(() => walkBatch(bytes));
    if (walked.producerId.length > 0) this.counted(() => this.checkProducer(walked.producerId));
    if (walked.recordCount > 0) await this.withinLimit(walked.recordCount, context);
    return this.append(walked, context);
  }

  /** Lines that never became records are rejects too. */
  countRejectedLines(rejects: readonly { field: string }[]): void {
    this.parts.counts.rejected(rejects);
  }

  private append(walked: WalkedBatch, context: CallContext): AcceptedBatch {
    const { tenant, signal } = context;
    const { recordCount, rejects } = walked;
    const assigned = walked.producerId.length > 0 ? undefined : this.assigned.take(tenant, recordCount);
    const producerId = assigned?.producerId ?? Uint8Array.from(walked.producerId);
    const partition = assigned?.partition ?? partitionOf(tenant, producerId, this.parts.log.partitions);
    const sealed = sealBatch(walked, { tenant, receivedMs: this.parts.clock.nowMs(), assigned });
    // An empty batch settles nothing: there is nothing to keep.
    const kept = recordCount === 0 ? Promise.resolve() : this.appender.append(partition, sealed, signal);
    const counted = kept.then(
      () => this.parts.counts.kept(recordCount, rejects),
      (reason: unknown) => {
        this.parts.counts.refused(reason, recordCount);
        throw reason;
      },
    );
    counted.catch(() => {}); // The caller awaits it, maybe after another batch has failed first.
    return { producerId, firstSeq: assigned?.firstSeq ?? walked.firstSeq, recordCount, rejects, kept: counted };
  }

  private counted<T>(check: () => T): T {
    try {
      return check();
    } catch (reason) {
      this.parts.counts.refused(reason, 0);
      throw reason;
    }
  }

  /** An id whose day the stores have dropped, or that lies ahead, would be lost or live too long. */
  private checkProducer(producerId: Uint8Array): void {
    const metadata = { field: "producer_id" };
    if (!isUuidV7(producerId)) {
      throw new LogPulseError("invalid_batch", "batch field producer_id is not a UUIDv7 (RFC 9562)", { metadata });
    }
    const nowMs = this.parts.clock.nowMs();
    const timeMs = uuidV7TimeMs(producerId);
    const ageMsMax = this.parts.producerAgeDaysMax * DAY_MS;
    if (timeMs >= nowMs - ageMsMax && timeMs <= nowMs + PRODUCER_AHEAD_MS_MAX) return;
    const drawn = timeMs <= 8.64e15 ? new Date(timeMs).toISOString() : `${timeMs} ms`;
    throw new LogPulseError(
      "producer_expired",
      `producer_id was drawn at ${drawn}; the server's time is ${new Date(nowMs).toISOString()}, and it takes ids up ` +
        `to ${this.parts.producerAgeDaysMax} days old and ${PRODUCER_AHEAD_MS_MAX / 60_000} minutes ahead`,
      { metadata },
    );
  }

  /** A caller over its share is slowed down a little first: that alone brings most of them back within it. */
  private async withinLimit(recordCount: number, context: CallContext): Promise<void> {
    const key = `${context.tenant}/${context.client}`;
    let take = await this.parts.limiter.take(key, recordCount);
    if (!take.allowed && this.slowedCalls < LIMITER_SLOWED_CALLS_MAX) {
      await this.slowDown(take.retryAfterMs, context.signal);
      take = await this.parts.limiter.take(key, recordCount);
    }
    if (take.allowed) return;
    const limited = new LogPulseError(
      "rate_limited",
      `client ${context.client} of tenant ${context.tenant} is over its limit; wait ${take.retryAfterMs} ms`,
      {
        retryAfterMs: take.retryAfterMs,
        quota: { subject: `client:${context.client}`, description: "records per second" },
      },
    );
    this.parts.counts.refused(limited, recordCount);
    throw limited;
  }

  private async slowDown(retryAfterMs: number, signal: AbortSignal): Promise<void> {
    this.slowedCalls++;
    try {
      await this.parts.clock.sleep(Math.min(retryAfterMs, LIMITER_SLOW_DOWN_MS_MAX), signal);
    } finally {
      this.slowedCalls--;
    }
  }
}
