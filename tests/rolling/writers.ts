import { setTimeout as sleep } from "node:timers/promises";
import { toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { status } from "@grpc/grpc-js";
import { BatchSender } from "../../clients/stream-batches.ts";
import type { GrpcClient, GrpcOutcome } from "../../envoy/testing/grpc-client.ts";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { type LogBatch, LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { MakeCall } from "./call-loop.ts";
import { identitiesOf, MadeBatches, requestRecords } from "./made-batches.ts";

const AGAIN_MS = 200;
const BATCHES_PER_UPLOAD = 8;
const UPLOAD_PAUSE_MS = 100;
const { write, upload } = IngestService.method;

/** `<producer>-<seq>` of what was acknowledged to somebody. */
export type Acknowledged = string[];

/** Write with identities that the client declares. A call that fails is made again, the same bytes, as documented. */
export function declaredWriter(client: GrpcClient, acknowledged: Acknowledged): MakeCall {
  const batches = new MadeBatches("declared");
  return async (fail) => {
    const batch = batches.next();
    await untilOk(() => client.call(write, batch), fail);
    acknowledged.push(...identitiesOf(batch.producerId, batch.firstSeq));
  };
}

/** Write without identities: a second try might be a second record, so there is none. */
export function bareWriter(client: GrpcClient, acknowledged: Acknowledged): MakeCall {
  return async (fail) => {
    const outcome = await client.call(write, { records: requestRecords("bare") });
    if (outcome.message === undefined) return fail(wordsOf(outcome));
    acknowledged.push(...identitiesOf(outcome.message.producerId, outcome.message.firstSeq));
  };
}

/** POST /logs, by connections that are kept. */
export function restWriter(url: string, acknowledged: Acknowledged): MakeCall {
  return async (fail) => {
    const answer = await fetch(`${url}/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ service: "rest", level: "info", message: "record of rest" }),
    });
    const text = await answer.text();
    if (answer.status !== 201) return fail(`${answer.status} ${text}`);
    acknowledged.push((JSON.parse(text) as { id: string }).id);
  };
}

/** WriteLog by Connect and by gRPC-Web in turn, on the HTTP/1.1 side of the services. */
export function webWriter(baseUrl: string, acknowledged: Acknowledged): MakeCall {
  const clients = [
    createClient(IngestService, createConnectTransport({ baseUrl, httpVersion: "1.1" })),
    createClient(IngestService, createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })),
  ];
  let calls = 0;
  return async () => {
    const { id } = await clients[calls++ % clients.length]!.writeLog({ service: "web", message: "record of web" });
    acknowledged.push(id);
  };
}

/** Uploads of about a second with declared identities; one that fails is made again, with all of its batches. */
export function uploader(client: GrpcClient, acknowledged: Acknowledged): MakeCall {
  const batches = new MadeBatches("uploaded");
  const uploadAll = async (all: readonly LogBatch[]) => {
    const stream = client.open(upload);
    for (const batch of all) {
      stream.send(batch);
      await sleep(UPLOAD_PAUSE_MS);
    }
    stream.end();
    return stream.outcome;
  };
  return async (fail) => {
    const all = Array.from({ length: BATCHES_PER_UPLOAD }, () => batches.next());
    await untilOk(() => uploadAll(all), fail);
    acknowledged.push(...all.flatMap(({ producerId, firstSeq }) => identitiesOf(producerId, firstSeq)));
  };
}

/** One `Stream` for the whole time, by the client library, which opens another one where it was ended. */
export class StreamWriter {
  /** How streams ended before their time. */
  readonly broken: string[] = [];
  /** `<producer>-<seq>` of what was not acknowledged when a stream broke: what of it was on its way is sent again, so the log may have it twice. */
  readonly maybeSentTwice = new Set<string>();
  private readonly batches = new MadeBatches("streamed");
  private readonly onWay = new Map<Uint8Array, LogBatch>();
  private readonly sender: BatchSender;

  constructor(address: string, acknowledged: Acknowledged) {
    this.sender = new BatchSender(address, {
      onKept: (bytes) => {
        const { producerId, firstSeq } = this.onWay.get(bytes)!;
        this.onWay.delete(bytes);
        acknowledged.push(...identitiesOf(producerId, firstSeq));
      },
      onBroken: ({ code, details }) => {
        this.broken.push(`${status[code]} ${details}`);
        for (const { producerId, firstSeq } of this.onWay.values()) {
          for (const id of identitiesOf(producerId, firstSeq)) this.maybeSentTwice.add(id);
        }
      },
    });
  }

  /** Sends the next batch; resolves when it is on its way. */
  readonly send: MakeCall = async () => {
    const batch = this.batches.next();
    const bytes = toBinary(LogBatchSchema, batch);
    this.onWay.set(bytes, batch);
    await this.sender.send(bytes);
  };

  /** Resolves when all is acknowledged. */
  async close(): Promise<void> {
    await this.sender.close();
    if (this.onWay.size > 0) throw new Error(`${this.onWay.size} batches were refused for ever`);
  }
}

/** Calls until it is acknowledged. */
async function untilOk(
  call: () => Promise<GrpcOutcome<typeof write> | GrpcOutcome<typeof upload>>,
  fail: (why: string) => void,
): Promise<void> {
  for (;;) {
    const outcome = await call();
    if (outcome.status.code === status.OK) return;
    fail(wordsOf(outcome));
    await sleep(AGAIN_MS);
  }
}

/** What a failed call says. */
export function wordsOf({ status: ended }: Pick<GrpcOutcome<typeof write>, "status">): string {
  return `${status[ended.code]} ${ended.details}`;
}
