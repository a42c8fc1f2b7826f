import type { EachBatchPayload } from "kafkajs";
import { RETRY_WAIT_MS_MIN } from "../../domain/limits.ts";
import type { Delivery, LogMessage } from "../../ports/event-log.ts";
import type { Logger } from "../../ports/logger.ts";
import type { LogPositions } from "./log-positions.ts";
import { Membership } from "./membership.ts";
import { traceOfHeaders } from "./trace-headers.ts";

interface InHand {
  partition: number;
  stop: AbortController;
  /** Somebody else may have the partition now: its position is no longer ours to move. */
  lost: boolean;
}

/** What one consumer is settling at this moment: at most one delivery of each partition. */
export class DeliveriesInHand {
  private readonly settle: (delivery: Delivery) => Promise<void>;
  private readonly positions: LogPositions;
  private readonly logger: Logger;
  private readonly inHand = new Set<InHand>();
  private settling = 0;
  private readonly whenNoneSettles: (() => void)[] = [];
  private membership: Membership | undefined;
  private stopped = false;

  constructor(settle: (delivery: Delivery) => Promise<void>, positions: LogPositions, logger: Logger) {
    this.settle = settle;
    this.positions = positions;
    this.logger = logger;
  }

  /**
   * kafkajs' `eachBatch`: settles the batch, then commits, then moves on. Where `settle` rejects, nothing moves, and the
   * partition rests for a moment so that the delivery does not come again in a hot loop.
   *
   * @throws where the commit failed: kafkajs joins the group again, and the delivery comes again.
   */
  async deliver(payload: EachBatchPayload): Promise<void> {
    if (this.stopped) return;
    const { partition } = payload.batch;
    const one: InHand = { partition, stop: new AbortController(), lost: false };
    this.pickUp(one, payload);
    try {
      const messages = messagesOf(payload);
      await this.positions.reached(partition, messages[0]!.offset);
      if (this.stopped) return;
      if (await this.isSettled(one, messages, payload)) await this.commit(one, messages.at(-1)!.offset, payload);
    } finally {
      this.putDown(one);
    }
  }

  /** Takes no more, and aborts all. What is settled nevertheless is still committed. */
  stop(reason: unknown): void {
    this.stopped = true;
    for (const one of this.inHand) one.stop.abort(reason);
  }

  /** The group has given out its partitions anew: those of others are aborted, and not committed. */
  keepOnly(partitions: readonly number[]): void {
    for (const one of this.inHand) {
      if (!partitions.includes(one.partition)) this.lose(one, new Error("another reader has this partition now"));
    }
  }

  /**
   * Resolves when no `settle` is under way. Commits may still be: a broker that hangs answers them later than anybody
   * who stops will wait.
   */
  async noneSettles(): Promise<void> {
    if (this.settling === 0) return;
    await new Promise<void>((resolve) => this.whenNoneSettles.push(resolve));
  }

  private async isSettled(one: InHand, messages: LogMessage[], payload: EachBatchPayload): Promise<boolean> {
    this.settling++;
    try {
      await this.settle({ partition: one.partition, messages, signal: one.stop.signal });
      return true;
    } catch (err) {
      if (one.stop.signal.aborted) return false;
      this.logger.error({ err, partition: one.partition }, "a delivery was not settled; it comes again");
      const resume = payload.pause();
      setTimeout(resume, RETRY_WAIT_MS_MIN).unref();
      return false;
    } finally {
      if (--this.settling === 0) for (const resolve of this.whenNoneSettles.splice(0)) resolve();
    }
  }

  private async commit(one: InHand, lastOffset: bigint, payload: EachBatchPayload): Promise<void> {
    if (one.lost) return;
    const next = lastOffset + 1n;
    // kafkajs passes `metadata` on, though its types do not say so.
    const partitions = [{ partition: one.partition, offset: String(next), metadata: this.positions.topicId }];
    await payload.commitOffsetsIfNecessary({ topics: [{ topic: payload.batch.topic, partitions }] });
    payload.resolveOffset(String(lastOffset));
    this.positions.moved(one.partition, next);
  }

  private pickUp(one: InHand, payload: EachBatchPayload): void {
    this.inHand.add(one);
    this.membership ??= new Membership(
      () => payload.heartbeat(),
      (reason) => this.loseAll(reason),
      this.logger,
    );
  }

  private putDown(one: InHand): void {
    this.inHand.delete(one);
    if (this.inHand.size > 0) return;
    this.membership?.end();
    this.membership = undefined;
  }

  private loseAll(reason: Error): void {
    for (const one of this.inHand) this.lose(one, reason);
  }

  private lose(one: InHand, reason: Error): void {
    one.lost = true;
    one.stop.abort(reason);
  }
}

function messagesOf({ batch }: EachBatchPayload): LogMessage[] {
  return batch.messages.map((message) => ({
    partition: batch.partition,
    offset: BigInt(message.offset),
    bytes: message.value ?? new Uint8Array(0),
    trace: traceOfHeaders(message.headers),
  }));
}
