/**
 * A load of its own process: `streams` Upload streams at once, each on a connection of its own, that send batches as
 * fast as they are taken, their records of now. Its one argument is a `StreamLoad` as JSON; it prints a `StreamLoadResult`.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { Client, type ClientWritableStream, credentials, Metadata } from "@grpc/grpc-js";
import { type UploadResponse, UploadResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { makeUuidV7 } from "../../services/domain/identity.ts";
import { partitionOf } from "../../services/domain/partition.ts";
import { batchOf } from "./bodies.ts";
import { TimedBodies } from "./timed-bodies.ts";

/** What to send, and where. */
export interface StreamLoad {
  address: string;
  streams: number;
  batchesPerStream: number;
  recordsPerBatch: number;
}

/** What became of it. */
export interface StreamLoadResult {
  /** Records that were acknowledged. */
  accepted: number;
  wallSeconds: number;
  /** Of each stream, in hexadecimal digits. */
  producers: string[];
}

const PATH = "/logpulse.v1.IngestService/Upload";
const PARTITIONS = 3; // Streams are spread over as many, in turn.

async function main(load: StreamLoad): Promise<void> {
  const bodies = new TimedBodies(load.recordsPerBatch);
  const producers = Array.from({ length: load.streams }, (_, stream) => producerOn(stream % PARTITIONS));
  const clients = producers.map(
    () => new Client(load.address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 }),
  );
  await Promise.all(clients.map(connected));
  const startMs = performance.now();
  const answers = await Promise.all(
    clients.map((client, stream) => upload(client, producers[stream]!, load.batchesPerStream)),
  );
  const wallSeconds = (performance.now() - startMs) / 1_000;
  for (const client of clients) client.close();
  const result: StreamLoadResult = {
    accepted: answers.reduce((sum, { accepted }) => sum + Number(accepted), 0),
    wallSeconds,
    producers: producers.map((producer) => Buffer.from(producer).toString("hex")),
  };
  console.log(JSON.stringify(result));

  function upload(client: Client, producer: Uint8Array, count: number): Promise<UploadResponse> {
    return new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest(
        PATH,
        (batch: Buffer) => batch,
        (bytes: Buffer) => fromBinary(UploadResponseSchema, bytes),
        new Metadata(),
        {},
        (error, answer) => (error ? reject(error) : resolve(answer!)),
      );
      const batchAt = (index: number) => batchOf(producer, index * load.recordsPerBatch, bodies.at(index, Date.now()));
      writeAll(call, batchAt, count);
    });
  }
}

function connected(client: Client): Promise<void> {
  return new Promise((resolve, reject) =>
    client.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve())),
  );
}

function writeAll(call: ClientWritableStream<Buffer>, batchAt: (index: number) => Buffer, count: number): void {
  let next = 0;
  const writeMore = () => {
    while (next < count) if (!call.write(batchAt(next++))) return void call.once("drain", writeMore);
    call.end();
  };
  writeMore();
}

function producerOn(partition: number): Uint8Array {
  for (;;) {
    const producer = makeUuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
    if (partitionOf("default", producer, PARTITIONS) === partition) return producer;
  }
}

await main(JSON.parse(process.argv[2]!) as StreamLoad);
