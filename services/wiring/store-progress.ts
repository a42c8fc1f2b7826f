import type { LogSignals } from "../adapters/sqlite/log/log-signals.ts";
import { LogPulseError } from "../domain/errors.ts";
import { STORE_STILL_MS_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";

/** Whether the store follows the log: it may be behind, as long as it moves. */
export class StoreProgress {
  private readonly signals: LogSignals;
  private readonly clock: Clock;
  private readonly lastSeen: { settled: bigint; movedMs: number }[] = [];

  constructor(signals: LogSignals, clock: Clock) {
    this.signals = signals;
    this.clock = clock;
  }

  /**
   * To be called about every second.
   *
   * @throws LogPulseError `store_unavailable` where a partition has messages and has not moved for STORE_STILL_MS_MAX.
   */
  check(): void {
    const nowMs = this.clock.nowMs();
    for (let partition = 0; partition < this.signals.partitions; partition++) {
      const [settled, end] = [this.signals.settled(partition), this.signals.end(partition)];
      const seen = this.lastSeen[partition];
      if (!seen || seen.settled !== settled || settled >= end) {
        this.lastSeen[partition] = { settled, movedMs: nowMs };
      } else if (nowMs - seen.movedMs > STORE_STILL_MS_MAX) {
        const seconds = Math.round((nowMs - seen.movedMs) / 1_000);
        const message = `${end - settled} messages of the log are not stored, and none was in the last ${seconds} s`;
        throw new LogPulseError("store_unavailable", message);
      }
    }
  }
}
