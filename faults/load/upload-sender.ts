import { fromBinary } from "@bufbuild/protobuf";
import type { Client, ClientWritableStream, ServiceError } from "@grpc/grpc-js";
import { type UploadResponse, UploadResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import type { Answer } from "../ledger/ledger.ts";
import {
  answerOf,
  asTheyAre,
  type BatchSender,
  CALL_MS_MAX,
  ContractBroken,
  type EncodedBatch,
  openClient,
  pathOf,
} from "./batch-sender.ts";

const BATCHES_PER_CALL_MAX = 6;
const REJECTS_NAMED_MAX = 100; // The contract names no more.
const LINGER_MS = 10;

interface Waiting {
  records: number;
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
}

interface OpenCall {
  stream: ClientWritableStream<Uint8Array>;
  batches: Waiting[];
  timer: NodeJS.Timeout;
}

/** Batches that come at about the same time share a call of Upload; the next ones open another beside it. */
export class UploadSender implements BatchSender {
  readonly by = "Upload";
  private readonly client: Client;
  private open: OpenCall | undefined;

  constructor(address: string) {
    this.client = openClient(address);
  }

  send({ bytes, count }: EncodedBatch): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.open ??= this.begin();
      this.open.batches.push({ records: count, resolve, reject });
      this.open.stream.write(bytes);
      if (this.open.batches.length >= BATCHES_PER_CALL_MAX) this.end(this.open);
    });
  }

  close(): void {
    if (this.open) this.end(this.open);
    this.client.close();
  }

  private begin(): OpenCall {
    const batches: Waiting[] = [];
    const stream = this.client.makeClientStreamRequest(
      pathOf("Upload"),
      asTheyAre,
      (bytes: Buffer) => fromBinary(UploadResponseSchema, bytes),
      { deadline: Date.now() + CALL_MS_MAX },
      (error: ServiceError | null, response?: UploadResponse) => this.answered(call, error, response),
    ) as ClientWritableStream<Uint8Array>;
    stream.on("error", () => {}); // The call's own answer tells.
    const call: OpenCall = { stream, batches, timer: setTimeout(() => this.end(call), LINGER_MS) };
    return call;
  }

  private end(call: OpenCall): void {
    clearTimeout(call.timer);
    if (this.open === call) this.open = undefined;
    call.stream.end();
  }

  private answered(call: OpenCall, error: ServiceError | null, response: UploadResponse | undefined): void {
    clearTimeout(call.timer);
    if (this.open === call) this.open = undefined;
    try {
      const answers = error ? call.batches.map(() => answerOf(error, false)) : answersOf(response!, call.batches);
      for (const [index, { resolve }] of call.batches.entries()) resolve(answers[index]!);
    } catch (reason) {
      for (const { reject } of call.batches) reject(reason);
    }
  }
}

function answersOf(response: UploadResponse, batches: readonly Waiting[]): Answer[] {
  const { batches: count, accepted, rejected, rejects } = response;
  const records = batches.reduce((sum, batch) => sum + batch.records, 0);
  if (Number(count) !== batches.length || Number(accepted + rejected) !== records)
    throw new ContractBroken(
      `Upload kept ${count} batches, ${accepted} and ${rejected} records, of ${batches.length} batches, ${records} records`,
    );
  if (rejects.length !== Math.min(Number(rejected), REJECTS_NAMED_MAX) || rejects.length === REJECTS_NAMED_MAX)
    throw new ContractBroken(`Upload names ${rejects.length} of ${rejected} rejected records`);
  return batches.map((_, index) => ({
    outcome: "acked",
    rejected: rejects.flatMap(({ batch, reject }) => (Number(batch) === index ? [reject!.index] : [])),
  }));
}
