import { LogPulseError } from "../../../domain/errors.ts";
import type { Delivery, EventLogReader, Reading } from "../../../ports/event-log.ts";
import { type LogMember, LogPartitionReading, type LogReadingParts } from "./log-partition-reading.ts";
import { LogRows } from "./log-rows.ts";

/** Which log is read, and what for. `signals`: the log's own, of the process that appends to it. */
export interface SqliteReaderSettings extends Omit<LogReadingParts, "rows"> {
  path: string;
}

/**
 * Reads the log for one store, in the thread of that store. It looks into the file only when the log thread has said
 * that there is more. One reader object for all members of the group: they know of each other through it.
 */
export class SqliteEventLogReader implements EventLogReader {
  private readonly parts: LogReadingParts;
  private readonly members: LogMember[] = [];
  private group: string | undefined;
  private readings: readonly LogPartitionReading[] | undefined;

  /** @throws LogPulseError `log_unavailable`, or `bug` where the file is not a log of this version. */
  constructor({ path, ...settings }: SqliteReaderSettings) {
    this.parts = { ...settings, rows: new LogRows(path) };
  }

  /**
   * @throws LogPulseError `store_unavailable`: the positions cannot be read; call again.
   * @throws LogPulseError `bug`: the store is ahead of the log, which has lost its end: `raiseTo` comes first. Also for a
   *   second group: the positions are those of one store.
   */
  async read(group: string, settle: (delivery: Delivery) => Promise<void>): Promise<Reading> {
    this.group ??= group;
    if (group !== this.group) throw new LogPulseError("bug", `the log is read by ${this.group}, not by ${group}`);
    this.readings ??= this.readingsFromStore();
    const member = { settle };
    this.members.push(member);
    for (const reading of this.readings) reading.ownerChanged();
    return { stop: () => this.leave(member) };
  }

  /** To be called when every reading has stopped. */
  close(): void {
    this.parts.rows.close();
  }

  private readingsFromStore(): LogPartitionReading[] {
    const { rows, signals, positions } = this.parts;
    const { logId, partitions } = rows.state;
    const found = positions.positionsOf(logId, partitions);
    found.forEach((position, partition) => {
      const end = signals.end(partition);
      if (position <= end) return;
      throw new LogPulseError("bug", `the store is at ${position} in partition ${partition}, the log ends at ${end}`);
    });
    return found.map((position, partition) => {
      signals.raiseSettled(partition, position);
      return new LogPartitionReading(this.parts, partition, position, () => this.ownerOf(partition));
    });
  }

  private ownerOf(partition: number): LogMember | undefined {
    return this.members[partition % this.members.length];
  }

  private async leave(member: LogMember): Promise<void> {
    const at = this.members.indexOf(member);
    if (at >= 0) this.members.splice(at, 1);
    for (const reading of this.readings ?? []) reading.ownerChanged();
    await Promise.all((this.readings ?? []).map((reading) => reading.putDownBy(member)));
  }
}
