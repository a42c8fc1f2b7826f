import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogMessage } from "../../../ports/event-log.ts";
import { systemClock } from "../../../runtime/system-clock.ts";
import { SqliteEventLog, type SqliteEventLogSettings } from "./event-log.ts";
import { SqliteEventLogReader, type SqliteReaderSettings } from "./event-log-reader.ts";
import type { LogPositionStore } from "./log-position-store.ts";
import { LogRows } from "./log-rows.ts";

/** Keeps positions as the store does, but not longer than the test. */
export class MemoryPositions implements LogPositionStore {
  private logId = "";
  private readonly nextOffsets = new Map<number, bigint>();

  positionsOf(logId: string, partitions: number): bigint[] {
    return Array.from({ length: partitions }, (_, at) => (logId === this.logId && this.nextOffsets.get(at)) || 0n);
  }

  commit(logId: string, partition: number, nextOffset: bigint): void {
    if (logId !== this.logId) this.nextOffsets.clear();
    this.logId = logId;
    this.nextOffsets.set(partition, nextOffset);
  }
}

/** A folder of its own, to be removed. */
export function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "logpulse-log-"));
}

/** A log's file in a folder, and what it has told of trouble. */
export class LogInFolder {
  readonly folder: string;
  readonly path: string;
  readonly faults: string[] = [];
  readonly troubles: string[] = [];
  readonly lost: string[] = [];
  readonly warnings: string[] = [];
  private readonly logs: SqliteEventLog[] = [];
  private readonly readers = new Map<string, SqliteEventLogReader>();

  constructor(folder: string) {
    this.folder = folder;
    this.path = join(folder, "log.db");
  }

  /** Opens the log, with three partitions where it is new. */
  async open(settings: Partial<SqliteEventLogSettings> = {}): Promise<SqliteEventLog> {
    const log = await SqliteEventLog.open({
      path: this.path,
      partitions: 3,
      onFault: ({ message }) => void this.faults.push(message),
      onTrouble: (message) => void this.troubles.push(message),
      ...settings,
    });
    this.logs.push(log);
    return log;
  }

  /** The reader of that group, with positions of its own: one object for all members. */
  reader(log: SqliteEventLog, group = "store", settings: Partial<SqliteReaderSettings> = {}): SqliteEventLogReader {
    const known = this.readers.get(group);
    if (known) return known;
    const note = (_facts: object, message: string) => void this.warnings.push(message);
    const reader = new SqliteEventLogReader({
      path: this.path,
      signals: log.signals,
      positions: new MemoryPositions(),
      clock: systemClock,
      logger: { debug: note, info: note, warn: note, error: note },
      onLost: (partition, messages) => void this.lost.push(`${partition}: ${messages}`),
      onFault: ({ message }) => void this.faults.push(message),
      ...settings,
    });
    this.readers.set(group, reader);
    return reader;
  }

  /** Every message in the file, straight from its tables. */
  messages(partition: number): LogMessage[] {
    const rows = new LogRows(this.path);
    try {
      const found: LogMessage[] = [];
      for (;;) {
        const more = rows.between(partition, (found.at(-1)?.offset ?? -1n) + 1n, 2n ** 62n);
        if (more.length === 0) return found;
        found.push(...more);
      }
    } finally {
      rows.close();
    }
  }

  /** Closes what was opened, and removes the folder. Readings have stopped by then. */
  async remove(): Promise<void> {
    for (const reader of this.readers.values()) reader.close();
    for (const log of this.logs) await log.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Batches that are only their number, as text. */
export function numbered(count: number, from = 0): Buffer[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(String(from + at)));
}

/** The messages' bytes as texts. */
export function texts(messages: readonly LogMessage[]): string[] {
  return messages.map(({ bytes }) => Buffer.from(bytes).toString());
}

/** Waits until that is true. */
export async function until(condition: () => boolean, msMax = 10_000): Promise<void> {
  const deadline = performance.now() + msMax;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${msMax} ms for ${condition}`);
    await sleep(5);
  }
}
