import { dayText } from "../domain/identity.ts";
import type { DiskUse } from "../ports/disk-use.ts";
import type { Logger } from "../ports/logger.ts";
import type { Retention } from "../ports/retention.ts";

/** A store that takes more of the disk than it may. */
export interface OverDiskLimit {
  usedBytes: number;
  bytesMax: number;
}

/** What keeping to the limit takes. */
export interface DiskLimitParts {
  retention: Retention;
  diskUse: DiskUse;
  bytesMax: number;
  logger: Logger;
}

/**
 * Keeps a store within its share of the disk: lets go of the oldest producer day that has records, one at a time, and
 * looks again, so that no day goes that might have stayed. Rollups stay. The newest day that has records and the day
 * before it stay too: where those are too much already it can only say so.
 *
 * It does not ask for the time: what is there decides.
 */
export class DiskLimit {
  private readonly parts: DiskLimitParts;
  private overLimit: OverDiskLimit | undefined;

  constructor(parts: DiskLimitParts) {
    this.parts = parts;
  }

  /** Set while the store takes more than it may and nothing can be let go of: what is stored now makes it worse. */
  get over(): OverDiskLimit | undefined {
    return this.overLimit;
  }

  /** Looks once, and drops what has to go; gives how many days that were. @throws LogPulseError `store_unavailable`. */
  async look(signal: AbortSignal): Promise<number> {
    const { diskUse, bytesMax } = this.parts;
    let dropped = 0;
    for (;;) {
      const usedBytes = await diskUse.usedBytes();
      if (usedBytes <= bytesMax) {
        this.tellWithin();
        return dropped;
      }
      if (!(await this.dropOldest(usedBytes, signal))) {
        this.tellOver({ usedBytes, bytesMax });
        return dropped;
      }
      dropped++;
    }
  }

  /** False where no day may go. */
  private async dropOldest(usedBytes: number, signal: AbortSignal): Promise<boolean> {
    const { retention, diskUse, bytesMax, logger } = this.parts;
    const days = await diskUse.recordDays();
    const [oldest, newest] = [days[0], days.at(-1)];
    if (oldest === undefined || newest === undefined || oldest >= newest - 1) return false;
    const { dropped, unfinished } = await retention.keepFrom({ records: oldest + 1, rollups: 0 }, signal);
    if (unfinished !== undefined) throw unfinished;
    const facts = { store: retention.name, dropped: dropped.map(dayText), usedBytes, bytesMax };
    logger.warn(facts, "the oldest day was dropped before its time: the store took more of the disk than it may");
    return dropped.length > 0;
  }

  private tellOver(over: OverDiskLimit): void {
    if (!this.overLimit) {
      const message = "the store takes more of the disk than it may, and only its newest days are left to drop";
      this.parts.logger.error(over, message);
    }
    this.overLimit = over;
  }

  private tellWithin(): void {
    if (this.overLimit) this.parts.logger.info({}, "the store takes no more of the disk than it may again");
    this.overLimit = undefined;
  }
}
