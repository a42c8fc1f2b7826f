import { LogPulseError } from "../../../domain/errors.ts";
import {
  LOG_BACKLOG_BYTES_MAX,
  LOG_MESSAGE_BYTES_MAX,
  LOG_TAIL_BYTES_KEPT,
  LOG_TRIM_EVERY_MS,
} from "../../../domain/limits.ts";
import type { EventLog } from "../../../ports/event-log.ts";
import { LogCommitQueue } from "./log-commit-queue.ts";
import { LogSignals } from "./log-signals.ts";
import type { LogThreadSettings, OpenedLog } from "./log-thread.ts";
import { type LogWatcher, LogWorker } from "./log-worker.ts";

/** Where the log is, and who wants to know of trouble. */
export interface SqliteEventLogSettings extends LogWatcher {
  path: string;
  /** Of a new log; one that exists keeps its own number. */
  partitions: number;
  /** Asked before each append: a text says why nothing is kept now. */
  refusal?: () => string | undefined;
  /** Bounds other than those of domain/limits.ts. */
  bounds?: Partial<Omit<LogThreadSettings, "path" | "partitions">>;
}

/**
 * The event log as a SQLite file that one thread writes. An append is on the disk when it resolves; a disk that says so
 * too early is beyond our reach.
 */
export class SqliteEventLog implements EventLog {
  /** 32 hex digits, drawn when the file was made: offsets mean something together with it only. */
  readonly logId: string;
  readonly partitions: number;
  /** When it was opened, it still had every message that there ever was: a store can be made again from it. */
  readonly isWhole: boolean;
  /** Those who store raise `settled` and `safe`; what is not settled, or not safe, is never trimmed. */
  readonly signals: LogSignals;
  private readonly worker: LogWorker;
  private readonly refusal: () => string | undefined;
  private readonly queue: LogCommitQueue;
  private closed: Promise<void> | undefined;

  /**
   * Starts the thread, and opens the log or creates it.
   *
   * @throws LogPulseError `log_unavailable`: the file cannot be opened, or is damaged; then it is left as it is.
   * @throws LogPulseError `bug`: the file is another program's, or of another version of this one.
   */
  static async open(settings: SqliteEventLogSettings): Promise<SqliteEventLog> {
    const worker = new LogWorker(settings);
    const opened = await worker.open({
      path: settings.path,
      partitions: settings.partitions,
      backlogBytesMax: LOG_BACKLOG_BYTES_MAX,
      tailBytesKept: LOG_TAIL_BYTES_KEPT,
      trimEveryMs: LOG_TRIM_EVERY_MS,
      ...settings.bounds,
    });
    return new SqliteEventLog(worker, opened, settings.refusal ?? (() => undefined));
  }

  private constructor(worker: LogWorker, opened: OpenedLog, refusal: () => string | undefined) {
    this.worker = worker;
    this.logId = opened.logId;
    this.isWhole = opened.isWhole;
    this.signals = new LogSignals(opened.signals);
    this.partitions = this.signals.partitions;
    this.refusal = refusal;
    this.queue = new LogCommitQueue((together) => worker.commit(together));
  }

  /** How many transactions were kept, each of one append or of many. */
  get commits(): number {
    return this.queue.commits;
  }

  async append(partition: number, batches: readonly Uint8Array[]): Promise<void> {
    this.refuse(partition, batches);
    if (batches.length > 0) await this.queue.append(partition, batches);
  }

  async check(): Promise<void> {
    if (this.closed) throw logIsClosed();
    await this.worker.check();
  }

  /**
   * Gives the partition's next message at least that offset. For a log that has lost its end, which the store has
   * settled: messages with offsets that were used before would be skipped. Resolves when that is on the disk.
   *
   * @throws LogPulseError `log_unavailable`.
   */
  async raiseTo(partition: number, offset: bigint): Promise<void> {
    this.refuse(partition, []);
    await this.worker.raiseTo(partition, offset);
  }

  close(): Promise<void> {
    this.closed ??= this.queue.settled().then(() => this.worker.close());
    return this.closed;
  }

  private refuse(partition: number, batches: readonly Uint8Array[]): void {
    if (this.closed) throw logIsClosed();
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.partitions) {
      throw new LogPulseError("bug", `there is no partition ${partition} of ${this.partitions}`);
    }
    const tooLarge = batches.find((batch) => batch.length > LOG_MESSAGE_BYTES_MAX);
    if (tooLarge) {
      const message = `a message of ${tooLarge.length} bytes is larger than the log's ${LOG_MESSAGE_BYTES_MAX}`;
      throw new LogPulseError("invalid_batch", message);
    }
    const refusal = batches.length > 0 ? this.refusal() : undefined;
    if (refusal !== undefined) throw new LogPulseError("log_unavailable", refusal);
  }
}

function logIsClosed(): LogPulseError {
  return new LogPulseError("log_unavailable", "the log is closed");
}
