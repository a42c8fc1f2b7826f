import { LogPulseError } from "../../../domain/errors.ts";
import type { LogMessage } from "../../../ports/event-log.ts";
import type { EventLogFollower, LogExtent, LogPoint } from "../../../ports/event-log-follower.ts";
import { FollowerWorker } from "./follower-worker.ts";
import type { LogSignals } from "./log-signals.ts";

/** Which log is followed: that of a SqliteEventLog of this process. */
export interface SqliteFollowerSettings {
  path: string;
  logId: string;
  signals: LogSignals;
}

/**
 * Follows the log's file. It is read in a thread of its own, which starts with the first call; where that one has died,
 * the next call starts another. Nothing is asked again and again: the log thread says when there is more.
 */
export class SqliteEventLogFollower implements EventLogFollower {
  private readonly settings: SqliteFollowerSettings;
  private readonly closing = new AbortController();
  private worker: Promise<FollowerWorker> | undefined;

  constructor(settings: SqliteFollowerSettings) {
    this.settings = settings;
  }

  async extent(signal: AbortSignal): Promise<LogExtent> {
    const starts = await this.call(signal, ({ calls }, either) => calls.call("starts", [], { signal: either }));
    // What is trimmed while we look was there before it: no end lies before its start.
    const partitions = this.ends().map((end, partition) => ({ start: starts[partition]!, end }));
    return { logId: this.settings.logId, partitions };
  }

  placesAt(timeMs: number, signal: AbortSignal): Promise<bigint[]> {
    return this.call(signal, ({ calls }, either) => calls.call("placesAt", [timeMs, this.ends()], { signal: either }));
  }

  async read(from: LogPoint, waitMsMax: number, signal: AbortSignal): Promise<LogMessage[]> {
    const { logId, partition, offset } = from;
    if (logId !== this.settings.logId) throw new LogPulseError("log_unavailable", "it is another log now");
    const either = this.eitherSignal(signal);
    const end = await this.endBehind(partition, offset, waitMsMax, either);
    if (end === undefined) return [];
    return this.call(signal, ({ calls }) => calls.call("between", [partition, offset, end], { signal: either }));
  }

  async close(): Promise<void> {
    this.closing.abort(new LogPulseError("log_unavailable", "the log is not followed any more"));
    const worker = await this.worker?.catch(() => undefined); // One that never opened the file has ended.
    await worker?.end();
  }

  /** The partition's end, as soon as it lies behind `from`; undefined where it does not in time. */
  private async endBehind(
    partition: number,
    from: bigint,
    waitMsMax: number,
    signal: AbortSignal,
  ): Promise<bigint | undefined> {
    const { signals } = this.settings;
    signal.throwIfAborted();
    if (signals.end(partition) > from) return signals.end(partition);
    if (waitMsMax <= 0) return undefined;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), waitMsMax);
    try {
      return await signals.endBehind(partition, from, AbortSignal.any([signal, late.signal]));
    } catch {
      signal.throwIfAborted();
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  private async call<Answer>(
    signal: AbortSignal,
    ask: (worker: FollowerWorker, signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const either = this.eitherSignal(signal);
    either.throwIfAborted();
    const worker = await this.started();
    return ask(worker, either);
  }

  private started(): Promise<FollowerWorker> {
    if (this.worker) return this.worker;
    const forget = () => {
      if (this.worker === started) this.worker = undefined;
    };
    const started = FollowerWorker.start(this.settings.path, forget);
    started.catch(forget); // Whoever asked gets the reason; the next one tries again.
    this.worker = started;
    return started;
  }

  private eitherSignal(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.closing.signal]);
  }

  private ends(): bigint[] {
    const { signals } = this.settings;
    return Array.from({ length: signals.partitions }, (_, partition) => signals.end(partition));
  }
}
