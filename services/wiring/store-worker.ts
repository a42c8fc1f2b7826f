import { statSync } from "node:fs";
import { SqliteEventLogReader } from "../adapters/sqlite/log/event-log-reader.ts";
import { LogSignals } from "../adapters/sqlite/log/log-signals.ts";
import { StoreCheckpoints } from "../adapters/sqlite/store/checkpoints.ts";
import { SqliteDeadLetterReplay } from "../adapters/sqlite/store/dead-letter-replay.ts";
import { SqliteDeadLetterTable } from "../adapters/sqlite/store/dead-letter-table.ts";
import { SqliteDeadLetters } from "../adapters/sqlite/store/dead-letters.ts";
import { SqliteDiskUse } from "../adapters/sqlite/store/disk-use.ts";
import { SqliteHourSums } from "../adapters/sqlite/store/hour-sums.ts";
import { SqliteLogSink } from "../adapters/sqlite/store/log-sink.ts";
import { SqliteRetention } from "../adapters/sqlite/store/retention.ts";
import { forgetOtherLogs, isOfOtherLogs, markDamaged, noteOtherLog } from "../adapters/sqlite/store/store-damage.ts";
import { type OpenedStore, openStoreFile } from "../adapters/sqlite/store/store-file.ts";
import { StorePositions } from "../adapters/sqlite/store/store-positions.ts";
import { StoreTables } from "../adapters/sqlite/store/store-tables.ts";
import { WordMerges } from "../adapters/sqlite/store/word-merges.ts";
import { parseDropRules } from "../domain/drop-rules.ts";
import { reasonText } from "../domain/errors.ts";
import { readLoggedBatch } from "../domain/logged-batch.ts";
import type { ReplayOutcome } from "../ports/dead-letter-replay.ts";
import type { ListedLetter } from "../ports/dead-letter-table.ts";
import type { Logger } from "../ports/logger.ts";
import type { Part } from "../runtime/shutdown.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { HourSumsLoop } from "../worker/hour-sums-loop.ts";
import { RetentionLoop } from "../worker/retention-loop.ts";
import { WorkerLoop } from "../worker/worker-loop.ts";
import { LostMessages } from "./lost-messages.ts";
import type { StoreTotals } from "./metrics/store-metrics.ts";
import { StoreProgress } from "./store-progress.ts";
import type { StoreThreadNews, StoreThreadSettings } from "./store-thread-settings.ts";
import { toldCounts } from "./told-counts.ts";
import { toldDelays } from "./told-delays.ts";
import { toldDiskLimit } from "./told-disk-limit.ts";
import { ToldSink } from "./tracing/told-store-calls.ts";

/** All that writes the store's file, in the store thread: the worker's loop, retention, sums, checkpoints, letters. */
export class StoreWorker {
  /** How far the store has read each partition of the log. */
  readonly positions: bigint[];
  private readonly store: OpenedStore;
  private readonly sink: SqliteLogSink;
  private readonly table: SqliteDeadLetterTable;
  private readonly letters: SqliteDeadLetterReplay;
  private readonly reader: SqliteEventLogReader;
  private readonly lost: LostMessages;
  private readonly progress: StoreProgress;
  private readonly parts: Part[];
  private readonly countAll: () => StoreTotals;
  private readonly stopping = new AbortController();

  /**
   * Opens the store, or creates it. `tell`: says things to the main thread.
   *
   * @throws LogPulseError as `openStoreFile`.
   */
  constructor(settings: StoreThreadSettings, logger: Logger, tell: (news: StoreThreadNews) => void) {
    const { storePath, logPath, logId, partitions, days } = settings;
    this.store = openStoreFile({
      path: storePath,
      rebuildable: canBeMadeAgain(settings),
      nowMs: systemClock.nowMs(),
    });
    this.tellHowOpened(settings, logger);
    if (this.store.isNew) forgetOtherLogs(storePath);
    const tables = new StoreTables(this.store.database, (reason) => {
      markDamaged(storePath, reason);
      tell({ fault: `the store's file is damaged: ${reasonText(reason)}` });
    });
    const signals = new LogSignals(settings.signals);
    const positions = new StorePositions(tables);
    if (positions.isOfAnotherLog(logId)) {
      noteOtherLog(storePath); // Before the store knows of the new one: a crash between must not lose it.
      logger.error({ logId }, "the store was filled from another log: what that had and the store has not, is gone");
    }
    this.positions = positions.positionsOf(logId, partitions);
    this.lost = new LostMessages(logger);
    this.progress = new StoreProgress(signals, systemClock);
    const checkpoints = new StoreCheckpoints({
      tables,
      clock: systemClock,
      logger,
      positions: () => positions.committed,
      onFinished: (safe) => {
        for (const [partition, offset] of safe.entries()) signals.raiseSafe(partition, offset);
      },
    });
    this.sink = new SqliteLogSink(tables, systemClock, { checkpoints });
    this.table = new SqliteDeadLetterTable(tables, systemClock);
    const dropRules = parseDropRules(settings.dropRules);
    this.letters = new SqliteDeadLetterReplay(tables, systemClock, dropRules);
    this.reader = new SqliteEventLogReader({
      path: logPath,
      signals,
      positions,
      clock: systemClock,
      logger,
      onLost: (partition, messages) => this.lost.note("sqlite", partition, messages),
      onFault: (reason) => tell({ fault: reasonText(reason) }),
    });
    const retry = { clock: systemClock, random: Math.random, logger };
    const delays = toldDelays((delaysMs) => tell({ delaysMs }));
    const loop = new WorkerLoop({
      reader: this.reader,
      group: "sqlite",
      sink: settings.tellsStoreCalls ? new ToldSink(this.sink, (storeCall) => tell({ storeCall })) : this.sink,
      deadLetters: new SqliteDeadLetters(tables, systemClock),
      dropRules,
      decode: readLoggedBatch,
      onSettled: delays.note,
      ...retry,
    });
    const retention = new SqliteRetention(tables);
    const retentionLoop = new RetentionLoop({
      retention,
      table: this.table,
      days,
      newestReceivedMs: () => loop.newestReceivedMs,
      disk: { use: new SqliteDiskUse(tables), bytesMax: settings.diskBytesMax },
      ...retry,
    });
    this.countAll = () => ({
      worker: loop.totals,
      lost: this.lost.totals,
      retention: retentionLoop.totals,
    });
    const merges = new WordMerges({ tables, clock: systemClock, logger, checkpoints });
    const hourSums = new SqliteHourSums({ tables, clock: systemClock, checkpoints });
    const hourSumsLoop = new HourSumsLoop({ hourSums, ...retry });
    this.parts = [
      { name: "checkpoints", start: async () => checkpoints.start(), stop: () => checkpoints.stop() },
      toldCounts(
        "sqlite",
        () => ({ ...loop.totals, ...this.lost.totals, failedCheckpoints: checkpoints.failures }),
        logger,
      ),
      toldCounts("retention of sqlite", () => retentionLoop.totals, logger),
      toldCounts("sums of hours of sqlite", () => hourSumsLoop.totals, logger),
      { name: "merges of words", start: async () => merges.start(), stop: () => merges.stop() },
      { name: "sums of hours", start: async () => hourSumsLoop.start(), stop: () => hourSumsLoop.stop() },
      delays,
      { name: "worker", start: (signal) => loop.start(signal), stop: () => loop.stop() },
      toldDiskLimit(
        () => retentionLoop.overDiskLimit,
        (refusal) => tell({ refusal }),
      ),
      { name: "retention", start: async () => retentionLoop.start(), stop: () => retentionLoop.stop() },
    ];
  }

  private tellHowOpened({ logIsWhole }: StoreThreadSettings, logger: Logger): void {
    const { isNew, setAside } = this.store;
    if (setAside) logger.error(setAside, "the store was damaged: it is set aside, and made again from the log");
    else if (isNew && !logIsWhole) {
      logger.error(
        {},
        "the store is a new one, and the log no longer has every message: what it lacks is gone from here",
      );
    }
  }

  /** Begins to read the log. */
  async start(): Promise<void> {
    for (const part of this.parts) await part.start(this.stopping.signal);
  }

  /** What it has counted. */
  get totals(): StoreTotals {
    return this.countAll();
  }

  /** @throws LogPulseError `store_unavailable`, also where it stands still; Error where messages of the log were lost. */
  async check(): Promise<void> {
    await this.sink.check();
    this.lost.check();
    this.progress.check();
  }

  /** As `DeadLetterTable.settle`. */
  settleLetter(key: string, to: "stored" | "expired"): Promise<boolean> {
    return this.table.settle(key, to);
  }

  replay(listed: ListedLetter, signal: AbortSignal): Promise<ReplayOutcome> {
    return this.letters.replay(listed, signal);
  }

  /** What is under way is settled; then the files are closed. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error("the process is stopping"));
    for (const part of this.parts.toReversed()) await part.stop();
    this.reader.close();
    this.store.database.close();
  }
}

/** The log has every message that the store was filled from. A log without any has been begun anew beside the store. */
function canBeMadeAgain({ storePath, logIsWhole, partitions, signals }: StoreThreadSettings): boolean {
  const ends = new LogSignals(signals);
  const hasMessages = Array.from({ length: partitions }, (_, partition) => ends.end(partition)).some((end) => end > 0n);
  return logIsWhole && (hasMessages || !hasContent(storePath)) && !isOfOtherLogs(storePath);
}

function hasContent(storePath: string): boolean {
  return [storePath, `${storePath}-wal`].some((path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0);
}
