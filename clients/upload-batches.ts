import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { type UploadResponse, UploadResponseSchema } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import type { LogRecord } from "../gen/logpulse/v1/log_record_pb.ts";

/** Records as encoded batches of one producer: record i of all has the seq i. */
export function* encodeBatches(
  producerId: Uint8Array<ArrayBuffer>,
  records: Iterable<LogRecord>,
  recordsPerBatch: number,
): Generator<Uint8Array> {
  let batch = create(LogBatchSchema, { producerId, firstSeq: 0n });
  for (const record of records) {
    batch.records.push(record);
    if (batch.records.length < recordsPerBatch) continue;
    yield toBinary(LogBatchSchema, batch);
    const firstSeq = batch.firstSeq + BigInt(batch.records.length);
    batch = create(LogBatchSchema, { producerId, firstSeq });
  }
  if (batch.records.length > 0) yield toBinary(LogBatchSchema, batch);
}

/**
 * Uploads encoded batches on one IngestService.Upload stream and resolves with the server's summary.
 *
 * `address`: host:port of Envoy or of an ingest process. Writes wait for the server's flow control.
 *
 * @throws ServiceError of grpc-js: with the code, the message and the details that the server sent.
 */
export async function uploadBatches(address: string, batches: Iterable<Uint8Array>): Promise<UploadResponse> {
  const client = new Client(address, credentials.createInsecure());
  try {
    return await new Promise<UploadResponse>((resolve, reject) => {
      const call = client.makeClientStreamRequest(
        "/logpulse.v1.IngestService/Upload",
        (batch: Uint8Array) => Buffer.from(batch),
        (bytes: Buffer) => fromBinary(UploadResponseSchema, bytes),
        new Metadata(),
        {},
        (error: ServiceError | null, response?: UploadResponse) => {
          if (error) reject(error);
          else resolve(response!);
        },
      );
      writeAll(call, batches).catch((reason: unknown) => {
        call.cancel();
        reject(reason);
      });
    });
  } finally {
    client.close();
  }
}

interface Writable {
  write(batch: Uint8Array): boolean;
  end(): void;
  once(event: "drain" | "close" | "error", listener: () => void): unknown;
}

async function writeAll(call: Writable, batches: Iterable<Uint8Array>): Promise<void> {
  let ended = false;
  const over = new Promise<void>((resolve) => {
    const end = () => {
      ended = true;
      resolve();
    };
    call.once("close", end);
    call.once("error", end);
  });
  for (const batch of batches) {
    if (ended) return; // The answer callback tells why.
    if (!call.write(batch)) {
      await Promise.race([over, new Promise<void>((resolve) => call.once("drain", () => resolve()))]);
    }
  }
  call.end();
}
