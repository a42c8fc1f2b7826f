import { randomUUID } from "node:crypto";
import { LogPulseError } from "../../domain/errors.ts";
import { FETCH_BYTES_PER_PARTITION_MAX, MEMORY_LOG_BYTES_MAX } from "../../domain/limits.ts";
import type { EventLog, LogMessage } from "../../ports/event-log.ts";

interface Partition {
  /** Offset of the first message still held. */
  start: number;
  messages: Uint8Array[];
}

/**
 * A log in this process's memory, for a try-out and for tests: it ends with the process.
 *
 * It holds what some consumer group has not settled, and more as long as there is room; where the unsettled fill
 * `bytesMax` it refuses rather than forgets, so nothing is lost while the process lives.
 */
export class MemoryEventLog implements EventLog {
  readonly partitions: number;
  /** Drawn for this log: offsets mean something together with it only. */
  readonly logId: string = randomUUID();
  private readonly bytesMax: number;
  private readonly logs: Partition[];
  private readonly positions = new Map<string, number[]>(); // By group: the offset each partition is read at next.
  private readonly listeners = new Set<() => void>();
  private bytes = 0;
  private closed = false;

  constructor(partitions: number, bytesMax = MEMORY_LOG_BYTES_MAX) {
    this.partitions = partitions;
    this.bytesMax = bytesMax;
    this.logs = Array.from({ length: partitions }, () => ({ start: 0, messages: [] }));
  }

  async append(partition: number, batches: readonly Uint8Array[]): Promise<void> {
    await this.check();
    const log = this.logs[partition];
    if (log === undefined) throw new LogPulseError("bug", `there is no partition ${partition} of ${this.partitions}`);
    const added = batches.reduce((sum, batch) => sum + batch.length, 0);
    if (this.bytes + added > this.bytesMax) this.forgetSettled();
    if (this.bytes + added > this.bytesMax) {
      throw new LogPulseError("log_unavailable", `${this.bytes} bytes that nobody has settled fill the log in memory`);
    }
    for (const batch of batches) log.messages.push(new Uint8Array(batch));
    this.bytes += added;
    for (const listener of this.listeners) listener();
  }

  async check(): Promise<void> {
    if (this.closed) throw new LogPulseError("log_unavailable", "the log is closed");
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** The positions of a group, moved by its reader; a new group stands at the earliest message held. */
  positionsOf(group: string): number[] {
    const known = this.positions.get(group);
    if (known !== undefined) return known;
    const positions = this.logs.map((log) => log.start);
    this.positions.set(group, positions);
    return positions;
  }

  /** Of the first message that a partition holds, and the one that the next message will have. */
  extentOf(partition: number): { start: number; end: number } {
    const log = this.logs[partition];
    if (log === undefined) throw new LogPulseError("bug", `there is no partition ${partition} of ${this.partitions}`);
    return { start: log.start, end: log.start + log.messages.length };
  }

  /**
   * The messages from `offset` on, or from the first held where that is gone, up to so many bytes; at least one where
   * there is one.
   */
  messagesFrom(partition: number, offset: number, bytesMax = FETCH_BYTES_PER_PARTITION_MAX): LogMessage[] {
    const { start, messages } = this.logs[partition]!;
    const found: LogMessage[] = [];
    let bytes = 0;
    for (let at = Math.max(offset - start, 0); at < messages.length; at++) {
      bytes += messages[at]!.length;
      if (found.length > 0 && bytes > bytesMax) break;
      found.push({ partition, offset: BigInt(start + at), bytes: messages[at]! });
    }
    return found;
  }

  /** Calls `listener` after each append, until the function it returns is called. */
  onAppend(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private forgetSettled(): void {
    if (this.positions.size === 0) return; // The first reader still to come starts at the earliest message.
    this.logs.forEach((log, partition) => {
      const settled = Math.min(...[...this.positions.values()].map((positions) => positions[partition]!));
      for (const message of log.messages.splice(0, settled - log.start)) this.bytes -= message.length;
      log.start = settled;
    });
  }
}
