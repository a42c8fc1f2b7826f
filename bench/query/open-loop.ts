import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { makeUuidV7 } from "../../services/domain/identity.ts";
import { corpus, encodeBatch } from "../embedded/corpus.ts";

const CALL_MS_MAX = 30_000;

/** What an open loop found. */
export interface OpenLoopResult {
  calls: number;
  failed: number;
  /** From the moment at which a call was due, not from the one at which it was sent: a late sender hides nothing. */
  ackMs: number[];
  /** How late calls were sent: where this is much, the load itself was short of CPU. */
  lateMs: number[];
}

/**
 * Calls of `Write` at fixed moments, whatever becomes of those before: `recordsPerSecond` in batches, for `seconds`.
 */
export async function openLoop(
  address: string,
  load: { recordsPerSecond: number; recordsPerBatch: number; seconds: number },
): Promise<OpenLoopResult> {
  const { recordsPerSecond, recordsPerBatch, seconds } = load;
  const calls = Math.floor((recordsPerSecond * seconds) / recordsPerBatch);
  const everyMs = (1_000 * recordsPerBatch) / recordsPerSecond;
  const producerId = makeUuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
  const records = corpus(calls * recordsPerBatch, Date.now());
  const batches = Array.from({ length: calls }, (_, call) =>
    encodeBatch(
      producerId,
      call * recordsPerBatch,
      records.slice(call * recordsPerBatch, (call + 1) * recordsPerBatch),
    ),
  );
  const client = new Client(address, credentials.createInsecure());
  const result: OpenLoopResult = { calls, failed: 0, ackMs: [], lateMs: [] };
  const pending: Promise<void>[] = [];
  const startMs = performance.now();
  for (const [call, batch] of batches.entries()) {
    const dueMs = startMs + call * everyMs;
    const waitMs = dueMs - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    result.lateMs.push(Math.max(0, performance.now() - dueMs));
    pending.push(
      write(client, batch).then(
        () => void result.ackMs.push(performance.now() - dueMs),
        () => void result.failed++,
      ),
    );
  }
  await Promise.all(pending);
  client.close();
  return result;
}

function write(client: Client, batch: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      "/logpulse.v1.IngestService/Write",
      (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      (bytes: Buffer) => fromBinary(WriteResponseSchema, bytes),
      batch,
      { deadline: Date.now() + CALL_MS_MAX },
      (error) => (error ? reject(error) : resolve()),
    ),
  );
}
