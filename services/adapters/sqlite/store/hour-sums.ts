import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { LogPulseError } from "../../../domain/errors.ts";
import { HOUR_QUIET_MS_MIN, HOURS_PER_CALL_MAX } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { HourSums } from "../../../ports/hour-sums.ts";
import type { StoreCheckpoints } from "./checkpoints.ts";
import { type HourToSum, hoursToSum, sumOfMinutes } from "./hour-minutes.ts";
import { type HourRows, hourRowsOf, saveHour } from "./hour-rows.ts";
import { STORE_NAME } from "./log-sink.ts";
import type { StoreTables } from "./store-tables.ts";

/** What summing up is made of. */
export interface HourSumsParts {
  tables: StoreTables;
  /** The one that the sink goes by. */
  clock: Clock;
  /** Asked for room before each transaction. */
  checkpoints?: Pick<StoreCheckpoints, "room">;
}

/**
 * Sums up hours in the thread of the store's one writer. The rows of an hour are read in slices, with turns for others
 * between them; then its sums are written in one transaction, if nobody has added to it meanwhile.
 */
export class SqliteHourSums implements HourSums {
  readonly name = STORE_NAME;
  private readonly parts: HourSumsParts;

  constructor(parts: HourSumsParts) {
    this.parts = parts;
  }

  /** @throws LogPulseError `store_unavailable`, also where there is no room; `cancelled`. */
  async sumUp(signal: AbortSignal): Promise<number> {
    const hours = this.longestQuiet();
    for (const hour of hours) await this.sumUpOne(hour, signal);
    return hours.length;
  }

  private longestQuiet(): HourToSum[] {
    const { tables, clock } = this.parts;
    const changedMsMax = clock.nowMs() - HOUR_QUIET_MS_MIN;
    const hours = tables.read((database) =>
      tables.rollupDays().flatMap((day) => hoursToSum(database, day, changedMsMax, HOURS_PER_CALL_MAX)),
    );
    return hours.sort((a, b) => a.changedMs - b.changedMs).slice(0, HOURS_PER_CALL_MAX);
  }

  private async sumUpOne(hour: HourToSum, signal: AbortSignal): Promise<void> {
    const { tables, checkpoints } = this.parts;
    const slices = tables.read((database) => rowsOfHour(database, hour));
    for (;;) {
      throwIfStopped(signal);
      if (this.isDropped(hour)) return;
      const { done, value: rows } = tables.read(() => slices.next());
      if (done) {
        await checkpoints?.room(signal);
        throwIfStopped(signal);
        if (!this.isDropped(hour)) tables.transaction((database) => saveHour(database, hour, rows));
        return;
      }
      await nextTurn();
    }
  }

  /** Days go between two turns. */
  private isDropped({ day }: HourToSum): boolean {
    const { tables } = this.parts;
    return !tables.read(() => tables.rollupDays()).includes(day);
  }
}

/** Of what the hour's minutes have together; undefined where that is too much. In slices, each some milliseconds long. */
function* rowsOfHour(database: DatabaseSync, hour: HourToSum): Generator<void, HourRows | undefined> {
  const sum = yield* sumOfMinutes(database, hour);
  return sum && (yield* hourRowsOf(sum));
}

function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new LogPulseError("cancelled", "told to stop", { cause: signal.reason });
}
