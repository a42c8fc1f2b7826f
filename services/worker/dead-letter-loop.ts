import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import type { DeadLetterTable } from "../ports/dead-letter-table.ts";
import type { Delivery, EventLogReader, LogMessage, Reading } from "../ports/event-log.ts";
import { readDeadLetter } from "./read-dead-letter.ts";
import { type StoreSize, storeChunks } from "./store-chunks.ts";
import { undecodableLetter } from "./undecodable.ts";
import { type RetryParts, untilDone } from "./until-done.ts";

/** Stands as the store of messages of the dead-letter topic that are no dead letters. */
export const NO_DEAD_LETTER_STORE = "dead-letters";

/** What the loop is made of. */
export interface DeadLetterLoopParts extends RetryParts {
  /** Reads the dead-letter topic. */
  reader: EventLogReader;
  /** The consumer group: its position in the topic is the table's. */
  group: string;
  table: DeadLetterTable;
}

/** What the loop has counted since it started. */
export interface DeadLetterTotals {
  /** Letters that were new to the table. */
  filled: number;
  /** Letters that it had already. */
  known: number;
  /** Messages that were no dead letters: they are in the table too, as letters of the store "dead-letters". */
  undecodable: number;
  /** Messages without a value: they delete a key of the topic, and say nothing to the table. */
  empty: number;
  /** Tries that failed and were repeated. */
  retries: number;
}

/**
 * Moves dead letters from their topic into the table from which people list and replay them, for ever. Its position in
 * the topic moves only when the table has them; a table that does not answer makes it wait.
 */
export class DeadLetterLoop {
  private readonly parts: DeadLetterLoopParts;
  private readonly counts: DeadLetterTotals = { filled: 0, known: 0, undecodable: 0, empty: 0, retries: 0 };
  private reading: Reading | undefined;

  constructor(parts: DeadLetterLoopParts) {
    this.parts = parts;
  }

  /** A copy of all counts. */
  get totals(): DeadLetterTotals {
    return { ...this.counts };
  }

  /** Prepares the table and begins to read; waits for either as long as it takes. */
  async start(signal: AbortSignal): Promise<void> {
    const { table, reader, group } = this.parts;
    await this.untilDone("prepare the table of dead letters", signal, () => table.prepare());
    await this.untilDone(`read dead letters as ${group}`, signal, async () => {
      this.reading = await reader.read(group, (delivery) => this.settle(delivery));
    });
  }

  /** Ends what is under way and gives the partitions back. What is not in the table, the next reader gets. */
  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private async settle({ messages, signal }: Delivery): Promise<void> {
    for (const chunk of storeChunks(this.lettersOf(messages), letterSize)) {
      const filled = await this.untilDone("fill the table of dead letters", signal, () =>
        this.parts.table.fill(chunk, signal),
      );
      this.counts.filled += filled;
      this.counts.known += chunk.length - filled;
    }
  }

  private *lettersOf(messages: readonly LogMessage[]): Generator<DeadLetter> {
    for (const message of messages) {
      if (message.bytes.length === 0) this.counts.empty++;
      else yield this.letterOf(message);
    }
  }

  private letterOf(message: LogMessage): DeadLetter {
    try {
      return readDeadLetter(message.bytes);
    } catch (reason) {
      this.counts.undecodable++;
      const { partition, offset } = message;
      const facts = { partition, offset: String(offset), err: reason };
      this.parts.logger.warn(facts, "a message of the dead-letter topic is no dead letter; it is listed as one");
      return undecodableLetter(NO_DEAD_LETTER_STORE, message, reason);
    }
  }

  private untilDone<Result>(what: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    return untilDone(this.parts, what, signal, work, () => {
      this.counts.retries++;
    });
  }
}

function letterSize({ original }: DeadLetter): StoreSize {
  return { records: 1, bytes: original.length };
}
