import { LogPulseError } from "../domain/errors.ts";
import { isUuidV7, uuidV7TimeMs } from "../domain/identity.ts";
import { PRODUCER_AHEAD_MS_MAX } from "../domain/limits.ts";
import { partitionOf } from "../domain/partition.ts";
import type { RejectKind } from "../domain/reject-kind.ts";
import type { BatchTrace } from "../ports/call-trace.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { RateLimiter } from "../ports/rate-limiter.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { AssignedProducers } from "./assigned-producers.ts";
import type { IngestCounts } from "./ingest-counts.ts";
import { JoinedAppender } from "./joined-appender.ts";
import { sealBatch } from "./seal-batch.ts";
import { SenderLimit } from "./sender-limit.ts";
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
  /** How many there were, as it came. */
  bytes: number;
  producerId: Uint8Array;
  firstSeq: number;
  recordCount: number;
  rejects: readonly WalkedReject[];
  /** Resolves once the log keeps it; rejects as JoinedAppender.append. Always to be awaited. */
  kept: Promise<void>;
}

/** Takes encoded batches: walk, identity, limit, seal, append. All ways in go through here. */
export class BatchAcceptor {
  /** The share of each sender. */
  readonly limit: SenderLimit;
  private readonly parts: IngestParts;
  private readonly appender: JoinedAppender;
  private readonly assigned: AssignedProducers;

  constructor(parts: IngestParts) {
    this.parts = parts;
    this.limit = new SenderLimit(parts.limiter, parts.clock);
    this.appender = new JoinedAppender(parts.log, parts.clock);
    parts.counts.queuesAre(() => ({ ...this.appender.queued, sendersWaiting: this.limit.sendersWaiting }));
    this.assigned = new AssignedProducers(parts.log.partitions, parts.clock, parts.randomBytes);
  }

  /**
   * Resolves when the batch stands in the queue to the log: earlier batches of the caller stand in front of it.
   *
   * @throws LogPulseError `invalid_batch`, `producer_expired`, `rate_limited`: nothing of it is kept.
   */
  async accept(bytes: Uint8Array, context: CallContext): Promise<AcceptedBatch> {
    const walked = this.walk(bytes);
    return this.pass(walked, context, () => this.limit.orRefuse(walked, context));
  }

  /** The first half of `accept`. @throws LogPulseError `invalid_batch`. */
  walk(bytes: Uint8Array): WalkedBatch {
    try {
      const walked = walkBatch(bytes);
      this.parts.counts.received(walked.recordCount);
      return walked;
    } catch (reason) {
      this.parts.counts.refused(reason, 0); // How many records it has, nobody knows.
      throw reason;
    }
  }

  /**
   * The second half: `admit`, which is asked for a batch with records, resolves to let it pass.
   *
   * @throws LogPulseError `invalid_batch`, `producer_expired`, and whatever `admit` throws.
   */
  async pass(walked: WalkedBatch, context: CallContext, admit: () => Promise<void>): Promise<AcceptedBatch> {
    const { recordCount, rejects, bytes } = walked;
    const trace = context.trace?.begin({ records: recordCount, rejects: rejects.length, bytes: bytes.length });
    try {
      if (walked.producerId.length > 0) this.checkProducer(walked.producerId);
      if (recordCount > 0) await admit();
    } catch (reason) {
      this.parts.counts.refused(reason, recordCount);
      trace?.failed(reason);
      throw reason;
    }
    return this.append(walked, context, trace);
  }

  /** Lines that never became records are rejects too. */
  countRejectedLines(rejects: readonly { field: string; kind?: RejectKind }[]): void {
    this.parts.counts.received(rejects.length);
    this.parts.counts.rejected(rejects);
  }

  private append(walked: WalkedBatch, context: CallContext, trace: BatchTrace | undefined): AcceptedBatch {
    const { tenant, signal } = context;
    const { recordCount, rejects } = walked;
    const assigned = walked.producerId.length > 0 ? undefined : this.assigned.take(tenant, recordCount);
    const producerId = assigned?.producerId ?? new Uint8Array(walked.producerId);
    // Of the view, not of the copy: native code would first have a small array's bytes moved out of the heap, in a microsecond.
    const partition = assigned?.partition ?? partitionOf(tenant, walked.producerId, this.parts.log.partitions);
    const sealed = sealBatch(walked, { tenant, receivedMs: this.parts.clock.nowMs(), assigned });
    // An empty batch settles nothing: there is nothing to keep.
    const kept =
      recordCount === 0 ? Promise.resolve() : this.appender.append(partition, sealed, signal, trace?.headers);
    const counted = kept.then(
      () => {
        this.parts.counts.kept(recordCount, rejects);
        trace?.kept();
      },
      (reason: unknown) => {
        this.parts.counts.refused(reason, recordCount);
        trace?.failed(reason);
        throw reason;
      },
    );
    counted.catch(() => {}); // The caller awaits it, maybe after another batch has failed first.
    const firstSeq = assigned?.firstSeq ?? walked.firstSeq;
    return { bytes: walked.bytes.length, producerId, firstSeq, recordCount, rejects, kept: counted };
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
}
