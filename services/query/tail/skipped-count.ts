import { reasonText } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";

const TELL_EVERY_MS = 60_000;

/** Counts what tails skip because it does not decode, and tells our log of it: the first at once, then once a minute. */
export class SkippedCount {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private count = 0;
  private toldMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, logger: Logger) {
    this.clock = clock;
    this.logger = logger;
  }

  /** A message, or a record of one, was skipped; again for each tail that reads it for itself. */
  add(partition: number, offset: number, reason: unknown): void {
    this.count++;
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.toldMs < TELL_EVERY_MS) return;
    this.toldMs = nowMs;
    const facts = { skipped: this.count, partition, offset, reason: reasonText(reason) };
    this.logger.warn(facts, "tails skip what does not decode; the newest is named, the count is since the start");
  }
}
