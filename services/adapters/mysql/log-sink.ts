import { STORE_COMPARE_MS_MAX, STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { deadLetterOf } from "../../domain/refused-record.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { LogSink, StoreCounts } from "../../ports/log-sink.ts";
import { MysqlConnections } from "./connections.ts";
import { ContentComparison } from "./content-comparison.ts";
import { DayPartitions } from "./day-partitions.ts";
import { createTables } from "./schema.ts";
import { type MysqlSettings, STORE_NAME } from "./settings.ts";
import { storeBatches } from "./store-transaction.ts";

const DAY_MS = 86_400_000;

/** Stores records, what is settled of each producer, and the rollups, all in one transaction for each call. */
export class MysqlLogSink implements LogSink {
  readonly name = STORE_NAME;
  private readonly settings: MysqlSettings;
  private readonly compareMsMax: number;
  private readonly connections: MysqlConnections;
  private readonly partitions: DayPartitions;

  /** Connects when it is first used, with a pool of its own. `compareMsMax`: as STORE_COMPARE_MS_MAX. */
  constructor(settings: MysqlSettings, compareMsMax = STORE_COMPARE_MS_MAX) {
    this.settings = settings;
    this.compareMsMax = compareMsMax;
    this.connections = new MysqlConnections(settings);
    this.partitions = new DayPartitions(this.connections);
  }

  /** @throws LogPulseError `store_unavailable`; `bug` where the tables are those of another version of the program. */
  async prepare(): Promise<void> {
    const never = new AbortController().signal;
    await this.connections.use(createTables, STORE_WRITE_MS_MAX, never);
    const today = Math.floor(this.settings.clock.nowMs() / DAY_MS);
    await this.partitions.ensure([today, today + 1], never);
  }

  /**
   * Runs the transaction until it finds nothing to refuse whose letter is not kept yet: usually once. Letters are kept
   * between transactions, never within one, since that may take as long as the event log likes.
   */
  async store(batches: readonly LoggedBatch[], deadLetters: DeadLetters, signal: AbortSignal): Promise<StoreCounts> {
    const days = batches.map(({ producerDay }) => producerDay);
    const kept = new Set<LoggedRecord>();
    const comparison = new ContentComparison(this.settings.clock, this.compareMsMax);
    for (;;) {
      const { counts, newlyRefused } = await this.partitions.transaction(
        days,
        (connection) => storeBatches(connection, batches, kept, comparison, this.settings.clock.nowMs()),
        signal,
      );
      if (newlyRefused.length === 0) return counts;
      await deadLetters.keep(newlyRefused.map((refused) => deadLetterOf(STORE_NAME, refused)));
      for (const { logged } of newlyRefused) kept.add(logged);
    }
  }

  check(): Promise<void> {
    return this.connections.check();
  }

  close(): Promise<void> {
    return this.connections.close();
  }
}
