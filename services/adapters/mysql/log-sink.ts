import { STORE_WRITE_MS_MAX, TENANT_BYTES_MAX } from "../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { deadLetterOf, type RefusedRecord } from "../../domain/refused-record.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import { addCounts, type LogSink, NO_COUNTS, type StoreCounts } from "../../ports/log-sink.ts";
import { MysqlConnections } from "./connections.ts";
import { DayPartitions } from "./day-partitions.ts";
import { isMissingPartition } from "./errors.ts";
import { refusalOf } from "./record-rows.ts";
import { createTables } from "./schema.ts";
import type { MysqlSettings } from "./settings.ts";
import { storeBatches } from "./store-transaction.ts";

const STORE_NAME = "mysql";
const DAY_MS = 86_400_000;

/** Stores records, what is settled of each producer, and the rollups, all in one transaction for each call. */
export class MysqlLogSink implements LogSink {
  readonly name = STORE_NAME;
  private readonly settings: MysqlSettings;
  private readonly connections: MysqlConnections;
  private readonly partitions: DayPartitions;

  /** Connects when it is first used, with a pool of its own. */
  constructor(settings: MysqlSettings) {
    this.settings = settings;
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

  async store(batches: readonly LoggedBatch[], deadLetters: DeadLetters, signal: AbortSignal): Promise<StoreCounts> {
    const [storable, without] = divide(batches, ({ tenant }) => Buffer.byteLength(tenant) <= TENANT_BYTES_MAX);
    const counts = await this.refuseAll(without, deadLetters);
    if (storable.length === 0) return counts;
    await this.partitions.ensure(
      storable.map(({ producerDay }) => producerDay),
      signal,
    );
    return addCounts(counts, await this.settle(storable, deadLetters, signal));
  }

  check(): Promise<void> {
    return this.connections.check();
  }

  close(): Promise<void> {
    return this.connections.close();
  }

  /**
   * Runs the transaction until it finds nothing to refuse whose letter is not kept yet: usually once. Letters are kept
   * between transactions, never within one, since that may take as long as the event log likes.
   */
  private async settle(
    batches: readonly LoggedBatch[],
    deadLetters: DeadLetters,
    signal: AbortSignal,
  ): Promise<StoreCounts> {
    const kept = new Set<LoggedRecord>();
    for (;;) {
      const { counts, newlyRefused } = await this.connections
        .transaction((connection) => storeBatches(connection, batches, kept), signal)
        .catch((reason: unknown) => {
          if (isMissingPartition(reason)) this.partitions.forget(); // The caller's next attempt makes it again.
          throw reason;
        });
      if (newlyRefused.length === 0) return counts;
      await keep(deadLetters, newlyRefused);
      for (const { logged } of newlyRefused) kept.add(logged);
    }
  }

  /** Batches of which nothing can be settled, since their tenant fits no key. */
  private async refuseAll(batches: readonly LoggedBatch[], deadLetters: DeadLetters): Promise<StoreCounts> {
    const refused = batches.flatMap((batch) => batch.records.flatMap((logged) => refusalOf({ batch, logged }) ?? []));
    if (refused.length > 0) await keep(deadLetters, refused);
    const all = batches.reduce((sum, { recordCount }) => sum + recordCount, 0);
    return { ...NO_COUNTS, deadLettered: refused.length, rejected: all - refused.length };
  }
}

function keep(deadLetters: DeadLetters, refused: readonly RefusedRecord[]): Promise<void> {
  return deadLetters.keep(refused.map((record) => deadLetterOf(STORE_NAME, record)));
}

function divide<T>(all: readonly T[], isFirst: (one: T) => boolean): [first: T[], second: T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}
