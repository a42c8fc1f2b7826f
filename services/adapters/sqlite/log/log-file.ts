import type { DatabaseSync, StatementSync } from "node:sqlite";
import { LogPulseError } from "../../../domain/errors.ts";
import { LOG_CHECKPOINT_BYTES, SQLITE_WAL_BYTES_MAX } from "../../../domain/limits.ts";
import { transaction } from "../database.ts";
import { LogPartition, type LogPlace } from "./log-partition.ts";
import { openLog } from "./log-schema.ts";
import { LogSignals } from "./log-signals.ts";

/** How the log's file is kept. */
export interface LogFileSettings {
  path: string;
  /** Of a new log; one that exists keeps its own number. */
  partitions: number;
  /** Appends are refused where the messages that the store has not settled would be more than this. */
  backlogBytesMax: number;
  /** Trimming leaves this much of what the store has settled for good. */
  tailBytesKept: number;
}

/** Messages of one transaction, in order. */
export interface LogCommit {
  /** One behind the other. */
  bytes: Uint8Array;
  /** Of each: its partition and its length, in turn. */
  messages: Uint32Array;
}

/** The log's file, for the one thread that writes it. Every call is synchronous, and throws node:sqlite's errors. */
export class LogFile {
  readonly logId: string;
  readonly signals: LogSignals;
  /** When it was opened, every message that there ever was was there: none trimmed away, and no end lost. */
  readonly isWhole: boolean;
  private readonly settings: LogFileSettings;
  private readonly database: DatabaseSync;
  private readonly partitions: readonly LogPartition[];
  private readonly walLook: StatementSync;
  private readonly checkpoint: StatementSync;
  private readonly pageBytes: number;

  /** @throws LogPulseError `bug` where the file is not a log of this version. */
  constructor(settings: LogFileSettings) {
    const { database, state } = openLog(settings.path, settings.partitions);
    try {
      this.settings = settings;
      this.database = database;
      this.logId = state.logId;
      this.signals = LogSignals.forPartitions(state.partitions);
      this.partitions = Array.from({ length: state.partitions }, (_, number) => new LogPartition(database, number));
      this.isWhole = this.partitions.every(({ isWhole }) => isWhole);
      this.partitions.forEach(({ end }, number) => void this.signals.raiseEnd(number, end.offset));
      database.exec(`PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = ${SQLITE_WAL_BYTES_MAX}`);
      this.walLook = database.prepare("PRAGMA wal_checkpoint(NOOP)");
      this.checkpoint = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");
      this.pageBytes = Number(database.prepare("PRAGMA page_size").get()!.page_size);
    } catch (reason) {
      database.close();
      throw reason;
    }
  }

  /**
   * Keeps the messages, all or none; when this returns they are on the disk.
   *
   * @throws LogPulseError `log_unavailable` where too much is not settled yet.
   */
  append({ bytes, messages }: LogCommit): void {
    this.refuseBacklog(bytes.length);
    const ends = this.partitions.map(({ end }) => end);
    transaction(this.database, () => this.insert(bytes, messages, ends));
    ends.forEach((end, number) => void this.moveEnd(number, end));
  }

  /** Gives the partition's next message at least that offset. */
  raiseTo(partition: number, offset: bigint): void {
    const { end } = this.partitions[partition]!;
    if (offset <= end.offset) return;
    transaction(this.database, () => this.partitions[partition]!.raiseNext(offset));
    this.moveEnd(partition, { offset, bytes: end.bytes });
  }

  /** Deletes, in one short transaction, some of the messages that nobody needs any more. True where there may be more. */
  trimSome(): boolean {
    for (const [number, partition] of this.partitions.entries()) {
      const place = partition.trimPlace(this.signals.safe(number), this.settings.tailBytesKept);
      if (!place) continue;
      transaction(this.database, () => partition.trimTo(place));
      return true;
    }
    return false;
  }

  /**
   * Copies changes from the WAL into the file where there are enough of them; SQLite's own way would do it in a commit.
   * The next append then writes the WAL from its beginning, unless somebody is reading it: readers are to be quick.
   */
  checkpointIfDue(): void {
    const { log, checkpointed } = this.walLook.get() as { log: number; checkpointed: number };
    if ((log - checkpointed) * this.pageBytes >= LOG_CHECKPOINT_BYTES) this.checkpoint.get();
  }

  /** @throws node:sqlite's error where nothing can be read. */
  check(): void {
    this.database.prepare("SELECT 1 FROM log_state").get();
  }

  /** Checkpoints and closes. Call nothing afterwards. */
  close(): void {
    try {
      // Whoever still reads is not waited for: what is in the WAL is on the disk too.
      this.database.exec("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
    } finally {
      this.database.close();
    }
  }

  private insert(bytes: Uint8Array, messages: Uint32Array, ends: LogPlace[]): void {
    let at = 0;
    for (let index = 0; index < messages.length; index += 2) {
      const partition = messages[index]!;
      const length = messages[index + 1]!;
      ends[partition] = this.partitions[partition]!.insert(ends[partition]!, bytes.subarray(at, at + length));
      at += length;
    }
  }

  private moveEnd(number: number, end: LogPlace): void {
    this.partitions[number]!.moveEnd(end);
    this.signals.raiseEnd(number, end.offset);
  }

  private refuseBacklog(bytes: number): void {
    const { backlogBytesMax } = this.settings;
    const backlog = this.partitions.reduce(
      (sum, partition, number) => sum + partition.end.bytes - partition.bytesBefore(this.signals.settled(number)),
      0n,
    );
    if (backlog + BigInt(bytes) <= backlogBytesMax) return;
    throw new LogPulseError(
      "log_unavailable",
      `${backlog} bytes wait to be stored, of at most ${backlogBytesMax}: the log takes no more until the store has ` +
        "caught up",
    );
  }
}
