import type { DatabaseSync, StatementSync } from "node:sqlite";
import { LogPulseError, reasonText } from "../../../domain/errors.ts";
import {
  SQLITE_BUSY_MS_MAX,
  SQLITE_WAL_BYTES_MAX,
  STORE_CHECKPOINT_AGAIN_MS,
  STORE_CHECKPOINT_BYTES,
  STORE_CHECKPOINT_EVERY_MS,
  STORE_CHECKPOINT_WAIT_MS_MAX,
} from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Logger } from "../../../ports/logger.ts";
import type { StoreTables } from "./store-tables.ts";

/** Beyond it what is to be stored waits: the other half is for one transaction, which may be large. */
const WAL_BYTES_TO_WAIT_AT = SQLITE_WAL_BYTES_MAX / 2;

/** What SQLite says of the WAL: how many frames (pages) are in it, and how many of them are copied. */
interface WalFrames {
  busy: number;
  log: number;
  checkpointed: number;
}

/** What checkpoints are made of. */
export interface CheckpointParts {
  tables: StoreTables;
  clock: Clock;
  logger: Logger;
  /** The positions in the log that are committed now. */
  positions: () => readonly bigint[];
  /** Told of positions that are on the disk for good, the same ones again and again: nobody needs the log before them. */
  onFinished: (positions: readonly bigint[]) => void;
}

/**
 * Copies what was committed from the WAL into the store's file: after STORE_CHECKPOINT_BYTES, and every
 * STORE_CHECKPOINT_EVERY_MS where something has changed. Until a checkpoint is finished, what was committed may be lost
 * with the machine.
 *
 * A reader holds the checkpoint up until it has read; the WAL grows meanwhile. So that it stays within about
 * SQLITE_WAL_BYTES_MAX, whoever wants to store much asks for `room` first, and waits for the readers.
 */
export class StoreCheckpoints {
  private readonly parts: CheckpointParts;
  private readonly database: DatabaseSync;
  private readonly look: StatementSync;
  private readonly pageBytes: number;
  private readonly stopping = new AbortController();
  private ended: Promise<void> = Promise.resolve();
  /** Frames of the WAL when a checkpoint was last tried for their sake. */
  private framesTried = 0;
  private failureCount = 0;

  constructor(parts: CheckpointParts) {
    this.parts = parts;
    this.database = parts.tables.useOwnCheckpoints(() => this.afterCommit());
    this.look = this.database.prepare("PRAGMA wal_checkpoint(NOOP)");
    this.pageBytes = Number(this.database.prepare("PRAGMA page_size").get()!.page_size);
  }

  /** Checkpoints that failed since the start. */
  get failures(): number {
    return this.failureCount;
  }

  /** Begins to look every STORE_CHECKPOINT_EVERY_MS; the first time at once. */
  start(): void {
    this.ended = this.run(this.stopping.signal);
  }

  /** Ends, with a last checkpoint. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error("the store is stopping"));
    await this.ended;
    this.attempt("PASSIVE");
  }

  /**
   * Resolves when the WAL is short enough for another transaction: at once, unless readers have held it up for long.
   *
   *
   * @throws LogPulseError `store_unavailable` where it is not within STORE_CHECKPOINT_WAIT_MS_MAX; call again.
   */
  async room(signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    const endMs = clock.nowMs() + STORE_CHECKPOINT_WAIT_MS_MAX;
    while (this.walBytes() >= WAL_BYTES_TO_WAIT_AT && !this.attempt("RESTART") && !signal.aborted) {
      if (clock.nowMs() >= endMs) {
        throw new LogPulseError("store_unavailable", "readers of the store's file keep its WAL from being cut back");
      }
      await clock.sleep(STORE_CHECKPOINT_AGAIN_MS, signal).catch(() => undefined);
    }
  }

  /** Bytes of the WAL in use: those behind them are of older times, and are written over. */
  private walBytes(): number {
    return this.frames().log * this.pageBytes;
  }

  private afterCommit(): void {
    try {
      const { log, checkpointed } = this.frames();
      if (log < this.framesTried) this.framesTried = 0; // The WAL has begun anew.
      const newFrames = log - Math.max(checkpointed, this.framesTried);
      if (newFrames * this.pageBytes >= STORE_CHECKPOINT_BYTES) this.attempt("PASSIVE");
    } catch (reason) {
      this.tell(reason);
    }
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    while (!signal.aborted) {
      this.attempt("PASSIVE");
      await clock.sleep(STORE_CHECKPOINT_EVERY_MS, signal).catch(() => undefined); // Aborted: the loop ends.
    }
  }

  /**
   * Copies, without waiting for anybody. PASSIVE: what no reader holds up; true where that is everything. RESTART: true
   * where no reader needs the WAL any more either, so that it begins anew. What goes wrong is logged: no commit fails by
   * it.
   */
  private attempt(manner: "PASSIVE" | "RESTART"): boolean {
    const positions = this.parts.positions();
    try {
      this.framesTried = this.frames().log;
      const { busy, log, checkpointed } = this.checkpoint(manner);
      if (checkpointed < log) return false;
      this.parts.onFinished(positions);
      return busy === 0;
    } catch (reason) {
      this.tell(reason);
      return false;
    }
  }

  private tell(reason: unknown): void {
    this.failureCount++;
    this.parts.logger.warn({ reason: reasonText(reason) }, "a checkpoint of the store's file failed");
  }

  private checkpoint(manner: "PASSIVE" | "RESTART"): WalFrames {
    // It would wait for readers, and this thread with it.
    this.database.exec("PRAGMA busy_timeout = 0");
    try {
      return this.parts.tables.read((database) => database.prepare(`PRAGMA wal_checkpoint(${manner})`).get()) as never;
    } finally {
      this.database.exec(`PRAGMA busy_timeout = ${SQLITE_BUSY_MS_MAX}`);
    }
  }

  private frames(): WalFrames {
    return this.parts.tables.read(() => this.look.get()) as unknown as WalFrames;
  }
}
