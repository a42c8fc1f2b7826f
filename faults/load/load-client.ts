import { setTimeout as sleep } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { isInvalid, type RecordSource, recordOf } from "../ledger/record-generator.ts";
import { mixed, type SeededRandom } from "../ledger/seeded-random.ts";
import { type Behaviours, batchPlan, type Range } from "./batch-plan.ts";
import type { BatchSender, EncodedBatch } from "./batch-sender.ts";
import type { Pace } from "./pace.ts";

const BATCHES_AT_ONCE = 8;
const TRY_AGAIN_MS_MIN = 50;
const TRY_AGAIN_MS_MAX = 500;
const RIVAL = 0x52_69; // Makes another seed of a producer's.
const RIVALS_PER_BATCH_MAX = 5;

/** A producer, and how many records it sends. */
export interface ProducerPart {
  /** 32 lower-case hexadecimal digits. */
  producer: string;
  source: RecordSource;
  records: number;
}

/** What a client is made of. */
export interface ClientParts {
  sender: BatchSender;
  ledger: Ledger;
  pace: Pace;
  random: SeededRandom;
  behaviours: Behaviours;
  /** One after the other. */
  producers: readonly ProducerPart[];
  /** Called whenever a batch is sent. */
  onSend(): void;
  /** Called for each acknowledged batch, with its records that were not counted before. */
  onAck(newRecords: number): void;
}

/** A client as the contract asks for it: it sends a batch again, the same bytes, until it is acknowledged. */
export class LoadClient {
  private readonly parts: ClientParts;
  private stopped = false;
  private finishing = false;

  constructor(parts: ClientParts) {
    this.parts = parts;
  }

  /** Resolves when everything is acknowledged, or what was under way when `stop` was called has its answer. */
  async run(): Promise<void> {
    const { producers, random, behaviours, sender } = this.parts;
    try {
      for (const part of producers) {
        const plan = batchPlan(random, part.records, behaviours);
        await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, () => this.sendAll(part, plan)));
      }
    } finally {
      this.stopped = true;
      sender.close();
    }
  }

  /** Sends no further batch; what was sent is sent again until it is acknowledged. */
  finish(): void {
    this.finishing = true;
    this.parts.pace.release();
  }

  /** Sends nothing more, also not again. */
  stop(): void {
    this.stopped = true;
  }

  private async sendAll(part: ProducerPart, plan: Iterator<Range>): Promise<void> {
    for (;;) {
      const next = plan.next();
      if (next.done || this.stopped || this.finishing) return;
      const isNew = !next.value.repeat;
      const acked = await this.sendUntilAcked(encoded(part, next.value), isNew ? next.value.count : 0);
      if (acked && isNew) await this.sendRivals(part, next.value);
    }
  }

  /** Other records under seqs that are acknowledged, now and then, where the behaviours say so. */
  private async sendRivals(part: ProducerPart, { firstSeq, count }: Range): Promise<void> {
    const { behaviours, random } = this.parts;
    if (!behaviours.conflicts || !random.chance(behaviours.conflicts)) return;
    const seed = mixed(part.source.seed, RIVAL);
    const rivals: ProducerPart = { ...part, source: { ...part.source, seed } };
    const range = { firstSeq, count: Math.min(count, random.between(1, RIVALS_PER_BATCH_MAX)), repeat: true };
    for (let seq = firstSeq; seq < firstSeq + range.count; seq++) {
      if (isInvalid(part.source, seq) || isInvalid(rivals.source, seq)) return;
    }
    await this.sendUntilAcked(encoded(rivals, range), 0, seed);
  }

  /** False where the client was told to stop before, or to finish before this was sent. */
  private async sendUntilAcked(batch: EncodedBatch, newRecords: number, rival?: number): Promise<boolean> {
    const { sender, ledger, pace, random, onSend, onAck } = this.parts;
    await pace.take(newRecords);
    if (this.finishing) return false;
    while (!this.stopped) {
      const send = ledger.sending(batch.producer, batch.firstSeq, batch.count, sender.by, rival);
      const answering = sender.send(batch);
      onSend();
      const answer = await answering;
      ledger.answered(send, answer);
      if (answer.outcome === "acked") {
        onAck(newRecords);
        return true;
      }
      await sleep(random.between(TRY_AGAIN_MS_MIN, TRY_AGAIN_MS_MAX));
    }
    return false;
  }
}

function encoded({ producer, source }: ProducerPart, { firstSeq, count }: Range): EncodedBatch {
  const records = Array.from({ length: count }, (_, index) => recordOf(source, firstSeq + index));
  const producerId = new Uint8Array(Buffer.from(producer, "hex"));
  const batch = create(LogBatchSchema, { producerId, firstSeq: BigInt(firstSeq), records });
  return { producer, firstSeq, count, bytes: toBinary(LogBatchSchema, batch) };
}
