import { setImmediate as nextTurn } from "node:timers/promises";
import { reasonText } from "../../../domain/errors.ts";
import { RETRY_WAIT_MS_MAX, WORD_MERGE_IDLE_MS } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Logger } from "../../../ports/logger.ts";
import type { StoreCheckpoints } from "./checkpoints.ts";
import type { StoreTables } from "./store-tables.ts";

/** What merging is made of. */
export interface WordMergeParts {
  tables: StoreTables;
  clock: Clock;
  logger: Logger;
  /** Asked for room before each transaction. */
  checkpoints?: Pick<StoreCheckpoints, "room">;
}

/**
 * Merges the segments of the words' indexes while nothing else is to be done, so that searches look into few of them.
 * One short transaction at a time: who comes meanwhile waits for one of them at most.
 */
export class WordMerges {
  private readonly parts: WordMergeParts;
  private readonly stopping = new AbortController();
  private ended: Promise<void> = Promise.resolve();
  /** `commits` of the tables when nothing was left to merge. */
  private commitsMerged = -1;

  constructor(parts: WordMergeParts) {
    this.parts = parts;
  }

  start(): void {
    this.ended = this.run(this.stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error("the store is stopping"));
    await this.ended;
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { tables, clock, logger } = this.parts;
    while (!signal.aborted) {
      const { commits } = tables;
      await clock.sleep(WORD_MERGE_IDLE_MS, signal).catch(() => undefined); // Aborted: the loop ends.
      if (signal.aborted || tables.commits !== commits || commits === this.commitsMerged) continue;
      try {
        await this.mergeWhileIdle(signal);
      } catch (reason) {
        if (signal.aborted) return;
        logger.warn({ reason: reasonText(reason) }, "could not merge the index of words; trying again later");
        await clock.sleep(RETRY_WAIT_MS_MAX, signal).catch(() => undefined);
      }
    }
  }

  /** Until nothing is left to merge, or somebody else has committed something. */
  private async mergeWhileIdle(signal: AbortSignal): Promise<void> {
    const { tables, checkpoints } = this.parts;
    for (const day of tables.read(() => tables.recordDays())) {
      for (let isMore = true; isMore; ) {
        await checkpoints?.room(signal);
        isMore = tables.transaction(() => tables.recordDay(day)?.mergeWords() ?? false);
        const { commits } = tables;
        await nextTurn();
        if (signal.aborted || tables.commits !== commits) return;
      }
    }
    this.commitsMerged = tables.commits;
  }
}
