import type { Logger } from "../ports/logger.ts";

/** What is known of them. */
export interface LostTotals {
  /** How many, of those whose number is known. */
  lostByLogRetention: string;
  /** How often it was not. */
  lostUnknownTimes: number;
}

/**
 * Messages that were deleted before a group had settled them: the one way in which an acknowledged record can miss a
 * store. Counted, told as an error, and the part is not ready any more until somebody has looked and restarts it.
 */
export class LostMessages {
  private messages = 0n;
  private timesUnknown = 0;
  private readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  /** `messages`: undefined where nobody knows how many. */
  note(group: string, partition: number, messages: bigint | undefined): void {
    if (messages === undefined) this.timesUnknown += 1;
    else this.messages += messages;
    const facts = { group, partition, lost_by_log_retention: messages === undefined ? "unknown" : String(messages) };
    this.logger.error(facts, "messages were deleted before the group had settled them");
  }

  /** For our log and metrics. */
  get totals(): LostTotals {
    return { lostByLogRetention: String(this.messages), lostUnknownTimes: this.timesUnknown };
  }

  /** @throws Error that says what was lost, if anything was. */
  check(): void {
    if (this.messages === 0n && this.timesUnknown === 0) return;
    const unknown = this.timesUnknown > 0 ? ", and an unknown number with a topic that was made again" : "";
    throw new Error(`${this.messages} messages were deleted from the log before they were settled${unknown}`);
  }
}
