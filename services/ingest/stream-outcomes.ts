import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  BatchRejectSchema,
  RefusedBatchSchema,
  StreamResponseSchema,
} from "../../gen/logpulse/v1/ingest_service_pb.ts";
import type { LogPulseError } from "../domain/errors.ts";
import { ERROR_MESSAGE_BYTES_MAX, STREAM_ANSWER_REJECTS_MAX } from "../domain/limits.ts";
import { joinRanges, type SeqRange } from "./acked-ranges.ts";
import { durationMessage } from "./duration-message.ts";
import { rejectMessage } from "./reject-message.ts";
import type { WalkedReject } from "./walk-batch.ts";

type Answer = MessageInitShape<typeof StreamResponseSchema>;
type RejectMessage = MessageInitShape<typeof BatchRejectSchema>;
type RefusedMessage = MessageInitShape<typeof RefusedBatchSchema>;

/** A batch of a stream that the log keeps. */
export interface KeptBatch {
  /** Its place in the stream, from 0. */
  batch: number;
  producerId: Uint8Array;
  firstSeq: number;
  /** The rejected ones included. */
  recordCount: number;
  rejects: readonly WalkedReject[];
}

/** A batch of a stream that was refused whole. */
export interface RefusedBatch {
  batch: number;
  /** As the client sent them; empty and 0 where they could not be read. */
  producerId: Uint8Array;
  firstSeq: number;
  reason: LogPulseError;
}

/** The outcomes of one stream's batches that are known and not told yet. It is told in the order in which they came. */
export class StreamOutcomes {
  private readonly untold: (KeptBatch | RefusedBatch)[] = [];
  private rejectsTold = 0; // Of the first of them.
  private settledBatches = 0;
  private readonly settledAhead = new Set<number>(); // Told before one with a lower number.

  /** True where all is told. */
  get areTold(): boolean {
    return this.untold.length === 0;
  }

  /** What became of a batch; once for each. */
  add(outcome: KeptBatch | RefusedBatch): void {
    this.untold.push(outcome);
  }

  /**
   * Takes what the next answer tells, and the numbers of the batches that are settled by it.
   *
   * An answer has at most STREAM_ANSWER_REJECTS_MAX rejects. A batch with more of them is spread over several answers;
   * only the last one acknowledges and settles it.
   */
  takeAnswer(): { answer: Answer; settled: number[] } {
    const rejects: RejectMessage[] = [];
    const refused: RefusedMessage[] = [];
    const ranges: SeqRange[] = [];
    const settled: number[] = [];
    for (let next = this.untold[0]; next !== undefined; next = this.untold[0]) {
      if ("reason" in next) refused.push(refusedMessage(next));
      else if (!this.takeRejects(next, rejects)) break;
      else if (next.recordCount > 0) ranges.push(rangeOf(next));
      settled.push(next.batch);
      this.untold.shift();
    }
    this.settle(settled);
    const acked = joinRanges(ranges).map(rangeMessage);
    return { answer: { settledBatches: BigInt(this.settledBatches), acked, rejects, refused }, settled };
  }

  /** True where the batch's last reject is among those taken now, or before. */
  private takeRejects({ batch, rejects }: KeptBatch, taken: RejectMessage[]): boolean {
    const end = Math.min(rejects.length, this.rejectsTold + STREAM_ANSWER_REJECTS_MAX - taken.length);
    for (const reject of rejects.slice(this.rejectsTold, end)) {
      taken.push({ batch: BigInt(batch), reject: rejectMessage(reject) });
    }
    this.rejectsTold = end === rejects.length ? 0 : end;
    return end === rejects.length;
  }

  private settle(batches: readonly number[]): void {
    for (const batch of batches) this.settledAhead.add(batch);
    while (this.settledAhead.delete(this.settledBatches)) this.settledBatches += 1;
  }
}

function rangeOf({ producerId, firstSeq, recordCount }: KeptBatch): SeqRange {
  return { producerId, firstSeq, lastSeq: firstSeq + recordCount - 1 };
}

function rangeMessage({ producerId, firstSeq, lastSeq }: SeqRange) {
  return { producerId: Uint8Array.from(producerId), firstSeq: BigInt(firstSeq), lastSeq: BigInt(lastSeq) };
}

function refusedMessage(outcome: RefusedBatch): RefusedMessage {
  const { kind, mayRetry, message, retryAfterMs } = outcome.reason;
  return {
    batch: BigInt(outcome.batch),
    producerId: Uint8Array.from(outcome.producerId),
    firstSeq: BigInt(outcome.firstSeq),
    mayRetry,
    reason: kind.toUpperCase(),
    message: message.slice(0, ERROR_MESSAGE_BYTES_MAX).toWellFormed(),
    retryAfter: retryAfterMs === undefined ? undefined : durationMessage(retryAfterMs),
  };
}
