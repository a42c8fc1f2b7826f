import { FIRST_DAY_AGE_MS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { StateIndex } from "./state-index.ts";

/**
 * The first day as a sink knows it: asked for before the first batch, and again once it is FIRST_DAY_AGE_MS_MAX old. A
 * batch that comes in between may be stored though its day was let go; retention then drops it the next time.
 */
export class KnownFirstDay {
  private readonly state: StateIndex;
  private readonly clock: Clock;
  private day = Number.NEGATIVE_INFINITY;
  private askedMs: number | undefined;

  constructor(state: StateIndex, clock: Clock) {
    this.state = state;
    this.clock = clock;
  }

  /** In days since 1970. Never moves backwards. @throws LogPulseError `store_unavailable`. */
  async get(signal: AbortSignal): Promise<number> {
    const nowMs = this.clock.nowMs();
    const ageMs = this.askedMs === undefined ? Number.POSITIVE_INFINITY : Math.abs(nowMs - this.askedMs);
    if (ageMs >= FIRST_DAY_AGE_MS_MAX) {
      this.day = Math.max(this.day, await this.state.firstDay(signal));
      this.askedMs = nowMs;
    }
    return this.day;
  }
}
