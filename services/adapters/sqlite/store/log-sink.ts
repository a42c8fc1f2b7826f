import { setImmediate as nextTurn } from "node:timers/promises";
import { LogPulseError } from "../../../domain/errors.ts";
import { STORE_COMPARE_MS_MAX } from "../../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../../domain/logged-batch.ts";
import { deadLetterOf } from "../../../domain/refused-record.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { DeadLetters } from "../../../ports/dead-letters.ts";
import type { LogSink, StoreCounts } from "../../../ports/log-sink.ts";
import type { StoreCheckpoints } from "./checkpoints.ts";
import { ContentComparison } from "./content-comparison.ts";
import { writeRecords } from "./record-writes.ts";
import { planSettling } from "./settle-plan.ts";
import type { StoreTables } from "./store-tables.ts";

/** The store's name in dead letters, counts and logs. */
export const STORE_NAME = "sqlite";

/** What a sink may be given beside the tables and a clock. */
export interface SinkOptions {
  /** Asked for room before each transaction. */
  checkpoints?: Pick<StoreCheckpoints, "room">;
  /** As STORE_COMPARE_MS_MAX. */
  compareMsMax?: number;
}

/** Stores records, their words, what is settled of each producer, and the rollups, all in one transaction for each call. */
export class SqliteLogSink implements LogSink {
  readonly name = STORE_NAME;
  private readonly tables: StoreTables;
  private readonly clock: Clock;
  private readonly options: SinkOptions;

  constructor(tables: StoreTables, clock: Clock, options: SinkOptions = {}) {
    this.tables = tables;
    this.clock = clock;
    this.options = options;
  }

  /** @throws LogPulseError `store_unavailable`; `bug` where the file is another program's, or of another version. */
  async prepare(): Promise<void> {
    this.tables.create();
  }

  /**
   * Plans until nothing is left to compare, and nothing to refuse whose letter is not kept yet: usually once. What takes
   * its time is done between the plans; a plan that is whole is carried out at once.
   */
  async store(batches: readonly LoggedBatch[], deadLetters: DeadLetters, signal: AbortSignal): Promise<StoreCounts> {
    const { checkpoints, compareMsMax = STORE_COMPARE_MS_MAX } = this.options;
    const kept = new Set<LoggedRecord>();
    const comparison = new ContentComparison(this.tables, this.clock, compareMsMax);
    for (;;) {
      throwIfStopped(signal);
      await nextTurn(); // Whoever stores again and again would leave others of this thread none.
      await checkpoints?.room(signal);
      throwIfStopped(signal);
      const plan = this.tables.read(() => planSettling(this.tables, batches, kept, comparison));
      if (plan.unlike.length > 0) {
        await comparison.compare(plan.unlike);
      } else if (plan.refused.length > 0) {
        await deadLetters.keep(plan.refused.map((refused) => deadLetterOf(STORE_NAME, refused)));
        for (const { logged } of plan.refused) kept.add(logged);
      } else {
        this.tables.transaction(() => {
          plan.ranges.save();
          writeRecords(this.tables, plan.good, this.clock.nowMs());
        });
        return plan.counts;
      }
    }
  }

  async check(): Promise<void> {
    this.tables.read(() => this.tables.firstDay());
  }

  /** Nothing is held that has to be given back: the file is closed by whoever opened it. */
  async close(): Promise<void> {}
}

function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new LogPulseError("cancelled", "told to stop", { cause: signal.reason });
}
