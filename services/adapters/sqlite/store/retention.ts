import { setImmediate as nextTurn } from "node:timers/promises";
import { LogPulseError } from "../../../domain/errors.ts";
import type { FirstDays, KeptDays, Retention } from "../../../ports/retention.ts";
import { STORE_NAME } from "./log-sink.ts";
import type { StoreTables } from "./store-tables.ts";

/**
 * Drops the tables of days that are no longer kept.
 *
 * A day goes in one transaction, for which storing waits: 0.2 s for a million records of 800 bytes, 1 s where its pages
 * have to come from the disk (measured). Deleting them in steps takes ten times as long and writes every page again. The
 * pages are used again; the file does not shrink.
 */
export class SqliteRetention implements Retention {
  readonly name = STORE_NAME;
  private readonly tables: StoreTables;

  constructor(tables: StoreTables) {
    this.tables = tables;
  }

  async keepFrom(first: FirstDays, signal: AbortSignal): Promise<KeptDays> {
    const { tables } = this;
    const moved = tables.transaction(() => tables.moveFirstDays(first));
    const dropped = new Set<number>();
    const kept = () => ({ firstDay: moved.records, dropped: [...dropped].sort((a, b) => a - b) });
    try {
      for (let day = this.dropOne(moved); day !== undefined; day = this.dropOne(moved)) {
        dropped.add(day);
        await nextTurn();
        if (signal.aborted) throw new LogPulseError("cancelled", "told to stop", { cause: signal.reason });
      }
      return kept();
    } catch (unfinished) {
      if (dropped.size === 0) throw unfinished;
      return { ...kept(), unfinished };
    }
  }

  /** Drops the oldest day that is no longer kept: its records, or its rollups. Undefined where there is none. */
  private dropOne(first: FirstDays): number | undefined {
    const { tables } = this;
    const recordDay = tables.read(() => tables.recordDays()).find((day) => day < first.records);
    if (recordDay !== undefined) {
      tables.transaction(() => tables.dropRecordDay(recordDay));
      return recordDay;
    }
    const rollupDay = tables.read(() => tables.rollupDays()).find((day) => day < first.rollups);
    if (rollupDay !== undefined) tables.transaction(() => tables.dropRollupDay(rollupDay));
    return rollupDay;
  }
}
