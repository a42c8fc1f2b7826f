import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { type DropRule, markDropped } from "../domain/drop-rules.ts";
import { isKind, reasonText } from "../domain/errors.ts";
import { fullJitterMs } from "../domain/full-jitter.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeadLetters } from "../ports/dead-letters.ts";
import type { Delivery, EventLogReader, Reading } from "../ports/event-log.ts";
import { addCounts, type LogSink, NO_COUNTS, type StoreCounts } from "../ports/log-sink.ts";
import type { Logger } from "../ports/logger.ts";
import { storeChunks } from "./store-chunks.ts";
import { decodeMessages } from "./undecodable.ts";

/** What a worker is made of. */
export interface WorkerParts {
  reader: EventLogReader;
  /** The consumer group of the store: its position in the log is the store's. */
  group: string;
  sink: LogSink;
  deadLetters: DeadLetters;
  dropRules: readonly DropRule[];
  clock: Clock;
  /** 0 to 1, for the jitter of retries. */
  random: () => number;
  logger: Logger;
}

/** What a worker has counted since it started. */
export interface WorkerTotals extends StoreCounts {
  /** Messages that were no batches, kept as dead letters. */
  undecodable: number;
  /** Tries of a bulk or transaction that failed and were repeated. */
  retries: number;
}

/**
 * Moves records from the event log into one store, for ever. Each store has a loop and a consumer group of its own, so
 * a slow store never holds up another.
 *
 * A delivery is settled when every record of it is in the store, dropped by rule, rejected or kept as a dead letter;
 * only then does its position move. A store that does not answer makes the loop wait and try the same chunk again,
 * without an end: nothing else can be right.
 */
export class WorkerLoop {
  private readonly parts: WorkerParts;
  private reading: Reading | undefined;
  private counts: StoreCounts = NO_COUNTS;
  private undecodable = 0;
  private retries = 0;

  constructor(parts: WorkerParts) {
    this.parts = parts;
  }

  /** A copy of all counts. */
  get totals(): WorkerTotals {
    return { ...this.counts, undecodable: this.undecodable, retries: this.retries };
  }

  /** Prepares the store and begins to read; waits for either as long as it takes. */
  async start(signal: AbortSignal): Promise<void> {
    const { sink, reader, group } = this.parts;
    await this.untilDone(`prepare ${sink.name}`, signal, () => sink.prepare());
    await this.untilDone(`read the log as ${group}`, signal, async () => {
      this.reading = await reader.read(group, (delivery) => this.settle(delivery));
    });
  }

  /** Ends what is under way and gives the partitions back. What is not settled, the next reader gets. */
  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private async settle(delivery: Delivery): Promise<void> {
    const { sink, dropRules } = this.parts;
    const undecodable: DeadLetter[] = [];
    for (const chunk of storeChunks(decodeMessages(sink.name, delivery.messages, undecodable))) {
      for (const batch of chunk) markDropped(batch, dropRules);
      await this.store(chunk, delivery.signal);
    }
    if (undecodable.length > 0) await this.keepUndecodable(undecodable, delivery);
  }

  private async keepUndecodable(letters: readonly DeadLetter[], { partition, signal }: Delivery): Promise<void> {
    await this.untilDone("keep dead letters", signal, () => this.parts.deadLetters.keep(letters));
    this.undecodable += letters.length;
    const message = "messages that are no batches were kept as dead letters";
    this.parts.logger.warn({ partition, messages: letters.length }, message);
  }

  private async store(chunk: readonly LoggedBatch[], signal: AbortSignal): Promise<void> {
    const { sink, deadLetters } = this.parts;
    await this.untilDone(`store in ${sink.name}`, signal, async () => {
      this.counts = addCounts(this.counts, await sink.store(chunk, deadLetters, signal));
    });
  }

  /** Repeats `work` until it succeeds or the signal is aborted. */
  private async untilDone(what: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { clock, random, logger } = this.parts;
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (reason) {
        signal.throwIfAborted();
        this.retries++;
        const waitMs = Math.round(fullJitterMs(tries, random()));
        const expected = isKind(reason, "store_unavailable") || isKind(reason, "log_unavailable");
        const message = `could not ${what}; trying again in ${waitMs} ms`;
        if (expected) logger.warn({ tries, waitMs, reason: reasonText(reason) }, message);
        else logger.error({ tries, waitMs, err: reason }, message);
        await clock.sleep(waitMs, signal);
      }
    }
  }
}
