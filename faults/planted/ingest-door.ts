import { create, toBinary } from "@bufbuild/protobuf";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import { makeUuidV7 } from "../../services/domain/identity.ts";
import type { AcceptedBatch, BatchAcceptor } from "../../services/ingest/accept-batch.ts";
import type { Clock } from "../../services/ports/clock.ts";
import type { EventLog } from "../../services/ports/event-log.ts";
import type { CallContext } from "../../services/ports/service-handlers.ts";
import type { Answer, Ledger } from "../ledger/ledger.ts";
import { DROPPED_STATUS, isInvalid, type RecordSource, recordOf } from "../ledger/record-generator.ts";
import { mixed, SeededRandom } from "../ledger/seeded-random.ts";
import type { ProductParts } from "./fresh-parts.ts";
import type { PlantedRun } from "./planted-run.ts";

const PRODUCER_AGE_DAYS_MAX = 27;
const RIVAL = 0x52_69; // Makes another seed of a sender's.

/** Who sends; its seqs go on where its last batch ended. */
export interface Sender {
  /** 32 lower-case hexadecimal digits. */
  producer: string;
  source: RecordSource;
  nextSeq: number;
}

/** A record of a batch that was sent. */
export interface SentRecord {
  seq: number;
  record: LogRecord;
  /** The contract has the server reject it. */
  invalid: boolean;
  /** The run's rule keeps it out of the stores, if it has one. */
  dropped: boolean;
}

/** What a door stands on. */
export interface DoorStage {
  parts: Pick<ProductParts, "BatchAcceptor" | "IngestCounts" | "LogPulseError" | "NoLimiter">;
  ledger: Ledger;
  clock(): Clock;
}

/** Ingest without its protocols: batches go through the real acceptor into the real log, and into the ledger. */
export class IngestDoor {
  private readonly run: DoorStage;
  private readonly log: EventLog;
  private readonly acceptor: BatchAcceptor;
  private readonly random: SeededRandom;
  private senders = 0;

  /** Makes the topics where they are missing. `log`: what to put in front of the log. */
  static async open(run: PlantedRun, log: (sound: EventLog) => EventLog = (sound) => sound): Promise<IngestDoor> {
    const { parts, topics, logger } = run;
    await parts.prepareTopics(topics, logger);
    const kafka = new parts.KafkaEventLog({
      ...topics,
      topic: topics.batches.name,
      partitions: topics.batches.partitions,
    });
    run.atTheEnd(() => kafka.close());
    return new IngestDoor(run, log(kafka));
  }

  constructor(run: DoorStage, log: EventLog) {
    this.run = run;
    this.log = log;
    this.random = new SeededRandom(run.ledger.seed, 1);
    this.acceptor = new run.parts.BatchAcceptor({
      log,
      limiter: new run.parts.NoLimiter(),
      clock: run.clock(),
      randomBytes: (count) => this.random.bytes(count),
      counts: new run.parts.IngestCounts(),
      producerAgeDaysMax: PRODUCER_AGE_DAYS_MAX,
    });
  }

  sender(): Sender {
    const producer = Buffer.from(makeUuidV7(Date.now(), this.random.bytes(10))).toString("hex");
    const seed = mixed(this.run.ledger.seed, this.senders++);
    return { producer, source: this.run.ledger.producer(producer, seed), nextSeq: 0 };
  }

  /** Sends the next so many records as one batch and waits for the answer. @returns the records, whatever it was. */
  async send(sender: Sender, count: number): Promise<SentRecord[]> {
    const { ledger } = this.run;
    const firstSeq = sender.nextSeq;
    sender.nextSeq += count;
    const sent = Array.from({ length: count }, (_, index) => sentRecord(sender.source, firstSeq + index));
    const send = ledger.sending(sender.producer, firstSeq, count, "acceptor");
    ledger.answered(send, await this.answerTo(encoded(sender.producer, sent)));
    return sent;
  }

  /** Sends other records under seqs that the sender has used, each in a batch of its own, where both are valid. */
  async sendRivals(sender: Sender, seqs: readonly number[]): Promise<number> {
    const source = { ...sender.source, seed: mixed(sender.source.seed, RIVAL) };
    const valid = seqs.filter((seq) => !isInvalid(sender.source, seq) && !isInvalid(source, seq));
    for (const seq of valid) {
      const send = this.run.ledger.sending(sender.producer, seq, 1, "acceptor", source.seed);
      const answer = await this.answerTo(encoded(sender.producer, [sentRecord(source, seq)]));
      this.run.ledger.answered(send, answer);
    }
    return valid.length;
  }

  /** Bytes that somebody else writes to the topic. */
  async intrude(partition: number, bytes: Uint8Array): Promise<void> {
    await this.log.append(partition, [bytes]);
  }

  private async answerTo(bytes: Uint8Array): Promise<Answer> {
    let accepted: AcceptedBatch;
    try {
      accepted = await this.acceptor.accept(bytes, CALLER);
      await accepted.kept;
    } catch (reason) {
      const { LogPulseError } = this.run.parts;
      if (!(reason instanceof LogPulseError)) throw reason;
      return { outcome: reason.kind === "invalid_batch" ? "refused" : "unknown" };
    }
    return { outcome: "acked", rejected: accepted.rejects.map(({ index }) => index) };
  }
}

const never = new AbortController().signal;
const CALLER: CallContext = { tenant: "default", client: "127.0.0.1", signal: never, stopping: never };

function sentRecord(source: RecordSource, seq: number): SentRecord {
  const record = recordOf(source, seq);
  const invalid = isInvalid(source, seq);
  return { seq, record, invalid, dropped: !invalid && record.http?.status === DROPPED_STATUS };
}

function encoded(producer: string, sent: readonly SentRecord[]): Uint8Array {
  const producerId = new Uint8Array(Buffer.from(producer, "hex"));
  const records = sent.map(({ record }) => record);
  return toBinary(LogBatchSchema, create(LogBatchSchema, { producerId, firstSeq: BigInt(sent[0]!.seq), records }));
}

/** How many of them a store should hold, drop rules aside. */
export function validCount(sent: readonly SentRecord[]): number {
  return sent.filter(({ invalid }) => !invalid).length;
}
