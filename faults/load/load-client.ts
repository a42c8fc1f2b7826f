import { setTimeout as sleep } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type RecordSource, recordOf } from "../ledger/record-generator.ts";
import type { SeededRandom } from "../ledger/seeded-random.ts";
import { type Behaviours, batchPlan, type Range } from "./batch-plan.ts";
import type { BatchSender, EncodedBatch } from "./batch-sender.ts";
import type { Pace } from "./pace.ts";

const BATCHES_AT_ONCE = 8;
const TRY_AGAIN_MS_MIN = 50;
const TRY_AGAIN_MS_MAX = 500;

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

  /** Sends nothing more, also not again. */
  stop(): void {
    this.stopped = true;
  }

  private async sendAll(part: ProducerPart, plan: Iterator<Range>): Promise<void> {
    for (;;) {
      const next = plan.next();
      if (next.done || this.stopped) return;
      await this.sendUntilAcked(encoded(part, next.value), next.value.repeat ? 0 : next.value.count);
    }
  }

  private async sendUntilAcked(batch: EncodedBatch, newRecords: number): Promise<void> {
    const { sender, ledger, pace, random, onSend, onAck } = this.parts;
    await pace.take(newRecords);
    while (!this.stopped) {
      const send = ledger.sending(batch.producer, batch.firstSeq, batch.count, sender.by);
      const answering = sender.send(batch);
      onSend();
      const answer = await answering;
      ledger.answered(send, answer);
      if (answer.outcome === "acked") return onAck(newRecords);
      await sleep(random.between(TRY_AGAIN_MS_MIN, TRY_AGAIN_MS_MAX));
    }
  }
}

function encoded({ producer, source }: ProducerPart, { firstSeq, count }: Range): EncodedBatch {
  const records = Array.from({ length: count }, (_, index) => recordOf(source, firstSeq + index));
  const producerId = new Uint8Array(Buffer.from(producer, "hex"));
  const batch = create(LogBatchSchema, { producerId, firstSeq: BigInt(firstSeq), records });
  return { producer, firstSeq, count, bytes: toBinary(LogBatchSchema, batch) };
}
