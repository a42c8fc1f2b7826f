import { isKind, reasonText } from "../domain/errors.ts";
import { HOUR_SUMS_EVERY_MS, HOURS_PER_CALL_MAX } from "../domain/limits.ts";
import type { HourSums } from "../ports/hour-sums.ts";
import type { RetryParts } from "./until-done.ts";

/** What the loop is made of. */
export interface HourSumsLoopParts extends RetryParts {
  hourSums: HourSums;
}

/** What the loop has counted since it started. */
export interface HourSumsTotals {
  /** Hours that were looked at to be summed up. */
  hoursSummed: number;
  /** Turns that failed and were repeated. */
  failures: number;
}

/** Sums up hours of a store's statistics as they become quiet: a look every HOUR_SUMS_EVERY_MS. */
export class HourSumsLoop {
  private readonly parts: HourSumsLoopParts;
  private readonly counts: HourSumsTotals = { hoursSummed: 0, failures: 0 };
  private readonly stopping = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  constructor(parts: HourSumsLoopParts) {
    this.parts = parts;
  }

  /** A copy of all counts. */
  get totals(): HourSumsTotals {
    return { ...this.counts };
  }

  /** Begins, once the store is prepared. What goes wrong is logged and tried again: it never ends by itself. */
  start(): void {
    this.ended = this.run(this.stopping.signal);
  }

  /** Ends; a turn under way is aborted. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error("the worker is stopping"));
    await this.ended;
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.parts;
    while (!signal.aborted) {
      await this.turn(signal);
      // Not all workers at once; aborted: the loop ends.
      await clock.sleep(HOUR_SUMS_EVERY_MS * (0.5 + random() / 2), signal).catch(() => undefined);
    }
  }

  /** Until little is left to do: an hour to which something is added all the time must not be looked at all the time. */
  private async turn(signal: AbortSignal): Promise<void> {
    try {
      for (let hours = HOURS_PER_CALL_MAX; hours === HOURS_PER_CALL_MAX && !signal.aborted; ) {
        hours = await this.parts.hourSums.sumUp(signal);
        this.counts.hoursSummed += hours;
      }
    } catch (reason) {
      if (!signal.aborted) this.tell(reason);
    }
  }

  private tell(reason: unknown): void {
    const { hourSums, logger } = this.parts;
    this.counts.failures++;
    const message = `could not sum up hours of ${hourSums.name}; trying again soon`;
    if (isKind(reason, "store_unavailable")) logger.warn({ reason: reasonText(reason) }, message);
    else logger.error({ err: reason }, message);
  }
}
