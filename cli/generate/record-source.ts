import { create } from "@bufbuild/protobuf";
import { type LogBatch, LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import { makeUuidV7 } from "../../services/domain/identity.ts";
import { GENERATE_PRODUCER_MS_MAX } from "../../services/domain/limits.ts";
import { drawAccess, type ErrorShares, writeAccessLine } from "./access-draw.ts";
import { ApplicationDraw } from "./application-draw.ts";
import { accessRecord, applicationRecord } from "./drawn-messages.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** When the records of a request were written: evenly between these, in milliseconds since 1970. */
export interface TimeSpan {
  fromMs: number;
  toMs: number;
}

/** What records are made of. */
export type RecordKind = "access" | "application";

/** Lines of an access log. */
export function drawLines(random: SeededRandom, shares: ErrorShares, count: number, span: TimeSpan): string[] {
  return timesIn(span, count).map((timeMs) => writeAccessLine(timeMs, drawAccess(random, shares)));
}

/** Draws batches whose records have identities that no other run has. */
export class BatchSource {
  private readonly drawRecord: (timeMs: number) => LogRecord;
  private readonly randomBytes: (count: number) => Uint8Array;
  private producer: { id: Uint8Array<ArrayBuffer>; untilMs: number } | undefined;
  private nextSeq = 0n;

  /** `randomBytes`: for the producer id, which the seed must not decide: two runs of one seed are different records. */
  constructor(kind: RecordKind, random: SeededRandom, shares: ErrorShares, randomBytes: (count: number) => Uint8Array) {
    const application = new ApplicationDraw(random, shares);
    this.drawRecord =
      kind === "access"
        ? (timeMs) => accessRecord(timeMs, drawAccess(random, shares))
        : (timeMs) => applicationRecord(timeMs, application.next());
    this.randomBytes = randomBytes;
  }

  next(count: number, span: TimeSpan): LogBatch {
    const producerId = this.producerAt(span.toMs);
    const records = timesIn(span, count).map((timeMs) => this.drawRecord(timeMs));
    const batch = create(LogBatchSchema, { producerId, firstSeq: this.nextSeq, records });
    this.nextSeq += BigInt(count);
    return batch;
  }

  /** A producer id is renewed at least every day. */
  private producerAt(nowMs: number): Uint8Array<ArrayBuffer> {
    if (this.producer === undefined || nowMs >= this.producer.untilMs) {
      this.producer = { id: makeUuidV7(nowMs, this.randomBytes(10)), untilMs: nowMs + GENERATE_PRODUCER_MS_MAX };
      this.nextSeq = 0n;
    }
    return this.producer.id;
  }
}

function timesIn({ fromMs, toMs }: TimeSpan, count: number): number[] {
  return Array.from({ length: count }, (_, at) => Math.floor(fromMs + ((toMs - fromMs) * (at + 1)) / count));
}
