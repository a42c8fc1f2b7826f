import type { Logger } from "../../ports/logger.ts";
import { isExpelled, isRebalancing } from "./errors.ts";

/** A member that is not heard of for so long is taken for dead. */
export const SESSION_MS_MAX = 15_000;
export const HEARTBEAT_MS = 2_000;
/** How long members may take to come back when partitions are given out anew. */
export const REBALANCE_MS_MAX = 30_000;
/** How much of that a delivery in hand may take: most are done by then, and need not be done again by another. */
const FINISH_MS_MAX = 10_000;

/**
 * Keeps this member alive while deliveries are settled, which may take longer than a session: kafkajs itself sends no
 * heartbeats meanwhile. Says when the partitions are lost.
 */
export class Membership {
  private readonly heartbeat: () => Promise<void>;
  private readonly onLost: (reason: Error) => void;
  private readonly logger: Logger;
  private readonly timer: NodeJS.Timeout;
  private lastAnswerMs = performance.now();
  private rebalancingSinceMs: number | undefined;

  /** `onLost` may be called more than once. */
  constructor(heartbeat: () => Promise<void>, onLost: (reason: Error) => void, logger: Logger) {
    this.heartbeat = heartbeat;
    this.onLost = onLost;
    this.logger = logger;
    this.timer = setInterval(() => void this.beat(), HEARTBEAT_MS / 2);
  }

  end(): void {
    clearInterval(this.timer);
  }

  private async beat(): Promise<void> {
    const now = performance.now();
    if (now - this.lastAnswerMs > SESSION_MS_MAX) this.onLost(new Error("the broker has not answered for a session"));
    try {
      await this.heartbeat(); // To a broker that hangs this takes long; the next beats wait for the same answer.
      this.lastAnswerMs = now;
    } catch (reason) {
      this.logger.debug({ err: reason }, "a heartbeat failed");
      if (isExpelled(reason)) this.onLost(new Error("the group has expelled this reader", { cause: reason }));
      if (isRebalancing(reason)) this.rebalancing(now);
    }
  }

  private rebalancing(now: number): void {
    this.lastAnswerMs = now; // It is an answer.
    this.rebalancingSinceMs ??= now;
    if (now - this.rebalancingSinceMs > FINISH_MS_MAX) this.onLost(new Error("the partitions are given out anew"));
  }
}
