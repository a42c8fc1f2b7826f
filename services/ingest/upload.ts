import { REJECTS_PER_UPLOAD_RESPONSE_MAX } from "../domain/limits.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import type { AcceptedBatch, BatchAcceptor } from "./accept-batch.ts";
import { BatchWindow } from "./batch-window.ts";
import { rejectMessage } from "./reject-message.ts";

/** The sums of one Upload, in the shape of UploadResponse. */
interface Summary {
  batches: bigint;
  accepted: bigint;
  rejected: bigint;
  rejects: { batch: bigint; reject: ReturnType<typeof rejectMessage> }[];
}

/**
 * One client stream: batches go into the log as they come, several at a time, and one answer follows when all are kept.
 * A full window is back-pressure: the stream is not read until the oldest batch is kept.
 *
 * @throws LogPulseError of the first batch that fails; whatever was in flight is waited for first.
 */
export async function upload(acceptor: BatchAcceptor, batches: AsyncIterable<Uint8Array>, context: CallContext) {
  const summary: Summary = { batches: 0n, accepted: 0n, rejected: 0n, rejects: [] };
  const inFlight: AcceptedBatch[] = [];
  const window = new BatchWindow();
  const settleOldest = async () => {
    const oldest = inFlight[0]!;
    await oldest.kept;
    inFlight.shift();
    window.remove(oldest.bytes);
    sumUp(oldest, summary);
  };
  try {
    for await (const bytes of batches) {
      inFlight.push(await acceptor.accept(bytes, context));
      window.add(bytes.length);
      while (!window.hasRoom) await settleOldest();
    }
    while (inFlight.length > 0) await settleOldest();
    return summary;
  } finally {
    await Promise.allSettled(inFlight.map((batch) => batch.kept));
  }
}

function sumUp(batch: AcceptedBatch, summary: Summary): void {
  for (const reject of batch.rejects) {
    if (summary.rejects.length === REJECTS_PER_UPLOAD_RESPONSE_MAX) break;
    summary.rejects.push({ batch: summary.batches, reject: rejectMessage(reject) });
  }
  summary.batches++;
  summary.accepted += BigInt(batch.recordCount - batch.rejects.length);
  summary.rejected += BigInt(batch.rejects.length);
}
