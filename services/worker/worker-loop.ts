import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { type DropRule, markDropped } from "../domain/drop-rules.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { nanosToMs } from "../domain/record-time.ts";
import type { DeadLetters } from "../ports/dead-letters.ts";
import type { Delivery, EventLogReader, Reading } from "../ports/event-log.ts";
import { addCounts, type LogSink, NO_COUNTS, type StoreCounts } from "../ports/log-sink.ts";
import { batchSize, storeChunks } from "./store-chunks.ts";
import { type DecodeBatch, decodeMessages } from "./undecodable.ts";
import { type RetryParts, untilDone } from "./until-done.ts";

/** What a worker is made of. */
export interface WorkerParts extends RetryParts {
  reader: EventLogReader;
  /** The consumer group of the store: its position in the log is the store's. */
  group: string;
  sink: LogSink;
  deadLetters: DeadLetters;
  dropRules: readonly DropRule[];
  /** How messages are read: decodeLoggedBatch unless given; readLoggedBatch for a log that only our ingest writes to. */
  decode?: DecodeBatch;
  /** Told of each batch that is settled: how long after ingest received it, in milliseconds. */
  onSettled?: (delayMs: number) => void;
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
  private newestReceived: number | undefined;

  constructor(parts: WorkerParts) {
    this.parts = parts;
  }

  /** A copy of all counts. */
  get totals(): WorkerTotals {
    return { ...this.counts, undecodable: this.undecodable, retries: this.retries };
  }

  /** When ingest received the newest batch that this loop has settled, in milliseconds since 1970; undefined before one. */
  get newestReceivedMs(): number | undefined {
    return this.newestReceived;
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
    const { sink, dropRules, decode } = this.parts;
    const undecodable: DeadLetter[] = [];
    const batches = decodeMessages(sink.name, delivery.messages, undecodable, decode);
    for (const chunk of storeChunks(batches, batchSize)) {
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
    const stored = () => sink.store(chunk, deadLetters, signal);
    const counts = await this.untilDone(`store in ${sink.name}`, signal, stored);
    this.counts = addCounts(this.counts, counts); // Only now: other partitions count meanwhile.
    for (const { receivedNanos } of chunk) {
      const receivedMs = nanosToMs(receivedNanos);
      this.newestReceived = Math.max(this.newestReceived ?? 0, receivedMs);
      this.parts.onSettled?.(Math.max(0, this.parts.clock.nowMs() - receivedMs)); // Clocks may differ a little.
    }
  }

  private untilDone<Result>(what: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    return untilDone(this.parts, what, signal, work, () => {
      this.retries++;
    });
  }
}
