import { isKind, reasonText } from "../domain/errors.ts";
import { firstDayKept } from "../domain/first-days.ts";
import { dayText } from "../domain/identity.ts";
import { DISK_LIMIT_EVERY_MS, RETENTION_AGAIN_MS, RETENTION_EVERY_MS } from "../domain/limits.ts";
import type { DeadLetterTable } from "../ports/dead-letter-table.ts";
import type { DiskUse } from "../ports/disk-use.ts";
import type { Retention } from "../ports/retention.ts";
import { DiskLimit, type OverDiskLimit } from "./disk-limit.ts";
import type { RetryParts } from "./until-done.ts";

const DAY_MS = 86_400_000;

/** How long things are kept, in days. */
export interface DaysKept {
  records: number;
  /** Never fewer than of records. */
  rollups: number;
  deadLetters: number;
}

/** What the loop is made of. */
export interface RetentionLoopParts extends RetryParts {
  retention: Retention;
  /** The table of dead letters, where this store holds it. */
  table: DeadLetterTable | undefined;
  days: DaysKept;
  /** When ingest received the newest batch that this process has settled; undefined before there is one. */
  newestReceivedMs: () => number | undefined;
  /** How much of the disk the store may take; only for a store that tells how much it does. */
  disk?: { use: DiskUse; bytesMax: number };
}

/** What the loop has counted since it started. */
export interface RetentionTotals {
  daysDropped: number;
  deadLettersForgotten: number;
  /** Turns that failed and were repeated. */
  failures: number;
}

/**
 * Lets go of what a store need no longer keep: at the start and every RETENTION_EVERY_MS. And of its oldest days where it
 * takes more of the disk than it may: that is looked at every DISK_LIMIT_EVERY_MS, whatever the time is.
 *
 * A clock that runs ahead would drop everything for ever, so one clock is not believed alone: the time is this process's
 * or that of the newest batch of the log, whichever is earlier. Ingest's clock wrote that one, and has to be right for
 * producers to be let in at all. So a worker that has not seen a batch yet drops nothing, and an installation that nobody
 * writes to keeps what it has.
 */
export class RetentionLoop {
  private readonly parts: RetentionLoopParts;
  private readonly counts: RetentionTotals = { daysDropped: 0, deadLettersForgotten: 0, failures: 0 };
  private readonly stopping = new AbortController();
  private readonly diskLimit: DiskLimit | undefined;
  private ended: Promise<unknown> = Promise.resolve();

  constructor(parts: RetentionLoopParts) {
    this.parts = parts;
    const { retention, logger, disk } = parts;
    this.diskLimit = disk && new DiskLimit({ retention, logger, diskUse: disk.use, bytesMax: disk.bytesMax });
  }

  /** A copy of all counts. */
  get totals(): RetentionTotals {
    return { ...this.counts };
  }

  /** Set while the store takes more of the disk than it may and no day may be dropped for it. */
  get overDiskLimit(): OverDiskLimit | undefined {
    return this.diskLimit?.over;
  }

  /** Begins, once the store is prepared. What goes wrong is logged and tried again: it never ends by itself. */
  start(): void {
    const { signal } = this.stopping;
    this.ended = Promise.all([this.run(signal), this.watchDisk(signal)]);
  }

  /** Ends; a turn under way is aborted. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error("the worker is stopping"));
    await this.ended;
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.parts;
    while (!signal.aborted) {
      const done = await this.turn(signal);
      const waitMs = done ? RETENTION_EVERY_MS : RETENTION_AGAIN_MS;
      await clock.sleep(waitMs * (0.5 + random() / 2), signal).catch(() => undefined); // Aborted: the loop ends.
    }
  }

  private async watchDisk(signal: AbortSignal): Promise<void> {
    const { diskLimit } = this;
    if (!diskLimit) return;
    const look = async () => {
      this.counts.daysDropped += await diskLimit.look(signal);
    };
    while (!signal.aborted) {
      await this.succeeds(look, signal);
      await this.parts.clock.sleep(DISK_LIMIT_EVERY_MS, signal).catch(() => undefined); // Aborted: the loop ends.
    }
  }

  /** True where everything was let go of that need not be kept; false where it is to be tried again soon. */
  private async turn(signal: AbortSignal): Promise<boolean> {
    const nowMs = this.believedMs();
    if (nowMs === undefined) return false;
    const days = await this.succeeds(() => this.dropDays(nowMs, signal), signal);
    const letters = await this.succeeds(() => this.forgetLetters(nowMs, signal), signal); // Whatever keeps the days.
    return days && letters;
  }

  private async succeeds(work: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (reason) {
      if (!signal.aborted) this.tell(reason);
      return false;
    }
  }

  private believedMs(): number | undefined {
    const newestMs = this.parts.newestReceivedMs();
    return newestMs === undefined ? undefined : Math.min(newestMs, this.parts.clock.nowMs());
  }

  private async dropDays(nowMs: number, signal: AbortSignal): Promise<void> {
    const { retention, days, logger } = this.parts;
    const first = { records: firstDayKept(nowMs, days.records), rollups: firstDayKept(nowMs, days.rollups) };
    const { firstDay, dropped, unfinished } = await retention.keepFrom(first, signal);
    this.counts.daysDropped += dropped.length;
    const facts = { store: retention.name, firstDay: dayText(firstDay), dropped: dropped.map(dayText) };
    if (dropped.length > 0) logger.info(facts, "days that are no longer kept were dropped");
    if (unfinished !== undefined) throw unfinished;
  }

  private async forgetLetters(nowMs: number, signal: AbortSignal): Promise<void> {
    const { table, days, logger } = this.parts;
    const letters = await table?.forgetBefore(nowMs - days.deadLetters * DAY_MS, signal);
    if (!letters) return;
    this.counts.deadLettersForgotten += letters;
    logger.info({ letters }, "dead letters that are no longer kept were forgotten");
  }

  private tell(reason: unknown): void {
    const { retention, logger } = this.parts;
    this.counts.failures++;
    const message = `could not drop old days of ${retention.name}; trying again soon`;
    if (isKind(reason, "store_unavailable")) logger.warn({ reason: reasonText(reason) }, message);
    else logger.error({ err: reason }, message);
  }
}
