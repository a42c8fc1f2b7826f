import { LogPulseError } from "../../domain/errors.ts";
import { TAIL_FETCH_BYTES_MAX } from "../../domain/limits.ts";
import { placeAtTime, receivedNanosOf } from "../../domain/received-time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LogMessage } from "../../ports/event-log.ts";
import type { EventLogFollower, LogExtent, LogPoint } from "../../ports/event-log-follower.ts";
import type { MemoryEventLog } from "./event-log.ts";

/** Follows a MemoryEventLog. */
export class MemoryEventLogFollower implements EventLogFollower {
  private readonly log: MemoryEventLog;
  private readonly clock: Clock;
  private readonly closing = new AbortController();

  constructor(log: MemoryEventLog, clock: Clock) {
    this.log = log;
    this.clock = clock;
  }

  async extent(signal: AbortSignal): Promise<LogExtent> {
    this.refuseWhenOver(signal);
    const partitions = Array.from({ length: this.log.partitions }, (_, partition) => {
      const { start, end } = this.log.extentOf(partition);
      return { start: BigInt(start), end: BigInt(end) };
    });
    return { logId: this.log.logId, partitions };
  }

  async placesAt(timeMs: number, signal: AbortSignal): Promise<bigint[]> {
    const { partitions } = await this.extent(signal);
    return partitions.map(({ start, end }, partition) =>
      placeAtTime(timeMs, start, end, (offset) => {
        const [message] = this.log.messagesFrom(partition, Number(offset), 0);
        return message && { offset: message.offset, receivedNanos: receivedNanosOf(message.bytes) };
      }),
    );
  }

  async read({ logId, partition, offset }: LogPoint, waitMsMax: number, signal: AbortSignal): Promise<LogMessage[]> {
    this.refuseWhenOver(signal);
    if (logId !== this.log.logId) throw new LogPulseError("log_unavailable", "it is another log now");
    const isThere = () => BigInt(this.log.extentOf(partition).end) > offset;
    if (!isThere() && waitMsMax > 0) await this.until(isThere, waitMsMax, signal);
    this.refuseWhenOver(signal);
    return this.log.messagesFrom(partition, Number(offset), TAIL_FETCH_BYTES_MAX);
  }

  async close(): Promise<void> {
    this.closing.abort(new LogPulseError("log_unavailable", "the log is not followed any more"));
  }

  /** Resolves when it is true, or the time is up. @throws the reason of either signal. */
  private async until(condition: () => boolean, msMax: number, signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    const look = () => condition() && enough.abort();
    const ignore = this.log.onAppend(look);
    try {
      await this.clock.sleep(msMax, AbortSignal.any([enough.signal, signal, this.closing.signal]));
    } catch {
      this.refuseWhenOver(signal); // Otherwise there is enough.
    } finally {
      ignore();
    }
  }

  private refuseWhenOver(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.closing.signal.throwIfAborted();
  }
}
