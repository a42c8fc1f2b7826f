import { fromBinary } from "@bufbuild/protobuf";
import { type Client, type ClientDuplexStream, type StatusObject, status } from "@grpc/grpc-js";
import { type StreamResponse, StreamResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import type { Answer } from "../ledger/ledger.ts";
import { AckedRanges } from "./acked-ranges.ts";
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

const BATCHES_PER_STREAM_MAX = 100;

interface Waiting {
  batch: EncodedBatch;
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
  sinceMs: number;
  rejected: number[];
  refused?: { mayRetry: boolean; message: string };
}

interface OpenStream {
  call: ClientDuplexStream<Uint8Array, StreamResponse>;
  /** By place in the stream; those that have their answer are gone. */
  waiting: Map<number, Waiting>;
  batches: number;
  settled: number;
  acked: AckedRanges;
  watch: NodeJS.Timeout;
}

/** All batches go on one call of Stream, which is renewed now and then. */
export class StreamSender implements BatchSender {
  readonly by = "Stream";
  private readonly client: Client;
  private open: OpenStream | undefined;

  constructor(address: string) {
    this.client = openClient(address);
  }

  send(batch: EncodedBatch): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.open ?? this.begin();
      this.open = stream;
      stream.waiting.set(stream.batches++, { batch, resolve, reject, sinceMs: performance.now(), rejected: [] });
      stream.call.write(batch.bytes);
      if (stream.batches >= BATCHES_PER_STREAM_MAX) this.end(stream);
    });
  }

  close(): void {
    if (this.open) this.end(this.open);
    this.client.close();
  }

  private begin(): OpenStream {
    const call = this.client.makeBidiStreamRequest(pathOf("Stream"), asTheyAre, (bytes: Buffer) =>
      fromBinary(StreamResponseSchema, bytes),
    ) as ClientDuplexStream<Uint8Array, StreamResponse>;
    const stream: OpenStream = {
      ...{ call, waiting: new Map(), batches: 0, settled: 0, acked: new AckedRanges() },
      watch: setInterval(() => cancelLate(stream), 1_000),
    };
    call.on("data", (response: StreamResponse) => settle(stream, response));
    call.on("error", () => {}); // "status" tells.
    call.on("status", (ended: StatusObject) => this.ended(stream, ended));
    return stream;
  }

  /** No more batches; the answers to those that are on their way still come. */
  private end(stream: OpenStream): void {
    if (this.open === stream) this.open = undefined;
    stream.call.end();
  }

  private ended(stream: OpenStream, { code, details }: StatusObject): void {
    clearInterval(stream.watch);
    if (this.open === stream) this.open = undefined;
    const left = [...stream.waiting.values()];
    try {
      if (code === status.OK && left.length > 0)
        throw new ContractBroken(`Stream ended with OK and left ${left.length} batches without an outcome`);
      for (const { resolve } of left) resolve(answerOf({ code, details }, false));
    } catch (reason) {
      for (const { reject } of left) reject(reason);
    }
  }
}

function cancelLate({ call, waiting }: OpenStream): void {
  const [oldest] = waiting.values();
  if (oldest && performance.now() - oldest.sinceMs > CALL_MS_MAX) call.cancel();
}

/** Gives each batch that is settled now its answer. */
function settle(stream: OpenStream, response: StreamResponse): void {
  const now = Number(response.settledBatches);
  const { waiting } = stream;
  for (const { batch, reject } of response.rejects) waiting.get(Number(batch))?.rejected.push(reject!.index);
  for (const { batch, mayRetry, message } of response.refused) {
    const one = waiting.get(Number(batch));
    if (one) one.refused = { mayRetry, message };
  }
  for (const { producerId, firstSeq, lastSeq } of response.acked)
    stream.acked.add(Buffer.from(producerId).toString("hex"), Number(firstSeq), Number(lastSeq));
  if (now < stream.settled || now > stream.batches) {
    failAll(stream, `Stream settled ${now} batches after ${stream.settled}, of ${stream.batches}`);
    return;
  }
  for (let place = stream.settled; place < now; place++) settleOne(stream, place);
  stream.settled = now;
}

function settleOne({ waiting, acked }: OpenStream, place: number): void {
  const one = waiting.get(place);
  if (!one) return;
  waiting.delete(place);
  if (!one.refused) {
    const { producer, firstSeq, count } = one.batch;
    if (acked.has(producer, firstSeq, firstSeq + count - 1)) one.resolve({ outcome: "acked", rejected: one.rejected });
    else one.reject(new ContractBroken(`Stream settled batch ${place} and acknowledged only parts of it`));
    return;
  }
  if (!one.refused.mayRetry) return one.reject(new ContractBroken(`refused for ever: ${one.refused.message}`));
  // "Nothing of it is kept as far as the server knows": after a lost answer of the log it may be.
  one.resolve({ outcome: "unknown", code: status.UNAVAILABLE });
}

function failAll({ waiting, call }: OpenStream, message: string): void {
  for (const { reject } of waiting.values()) reject(new ContractBroken(message));
  waiting.clear();
  call.cancel();
}
