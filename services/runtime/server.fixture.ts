import { setTimeout as sleep } from "node:timers/promises";
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { onTestFinished, vi } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { type Status, StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { StatsService } from "../../gen/logpulse/v1/stats_service_pb.ts";
import {
  bidiStreamBytes,
  clientStreamBytes,
  defineService,
  type HandlersOf,
  unary,
  unaryBytes,
} from "../ports/service-handlers.ts";
import { LogPulseServer, type ServerSettings } from "./server.ts";

vi.setConfig({ testTimeout: 30_000 }); // Real sockets, on machines that have other things to do.

/** What tests change of the server. The handlers they do not give are the small ones below. */
export interface TestServerSettings extends Partial<ServerSettings> {
  ingest?: Partial<HandlersOf<typeof IngestService>>;
  stats?: Partial<HandlersOf<typeof StatsService>>;
}

/** A server on a free port, and what its log said. It stops when the test ends. */
export interface TestServer {
  server: LogPulseServer;
  /** "127.0.0.1:40001" */
  address: string;
  port: number;
  logged: { level: string; fields: Record<string, unknown>; message: string }[];
}

/** Starts a LogPulseServer over the real contract with handlers that count what they get. */
export async function startTestServer(settings: TestServerSettings = {}): Promise<TestServer> {
  const { ingest, stats, ...rest } = settings;
  const logged: TestServer["logged"] = [];
  const write = (level: string) => (fields: object, message?: string) =>
    void logged.push({ level, fields: fields as Record<string, unknown>, message: message ?? "" });
  const server = new LogPulseServer({
    host: "127.0.0.1",
    port: 0,
    tenant: "default",
    checks: [],
    allowedHosts: [],
    trustedProxies: [],
    drainMsMax: 1_000,
    log: {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      fatal: write("fatal"),
    },
    services: [
      defineService(IngestService, { ...COUNTING_INGEST, ...ingest }),
      defineService(StatsService, { ...ECHOING_STATS, ...stats }),
    ],
    ...rest,
  });
  await server.start();
  onTestFinished(() => server.stop());
  const { port } = server.address;
  return { server, port, address: `127.0.0.1:${port}`, logged };
}

const COUNTING_INGEST: HandlersOf<typeof IngestService> = {
  upload: clientStreamBytes(async (messages) => {
    let batches = 0n;
    let accepted = 0n;
    for await (const bytes of messages) {
      batches += 1n;
      accepted += BigInt(bytes.length);
    }
    return { batches, accepted };
  }),
  stream: bidiStreamBytes(async (messages, send) => {
    let settledBatches = 0n;
    for await (const _ of messages) await send({ settledBatches: ++settledBatches });
  }),
  write: unaryBytes(async (bytes) => ({ accepted: bytes.length })),
  writeLog: unary(async (request, context) => ({ id: request.message, message: context.client })),
  uploadLines: unary(async (request) => ({ message: request.lines.join(" ") })),
};

const ECHOING_STATS: HandlersOf<typeof StatsService> = {
  getStats: unary(async (request) => ({ type: request.type })),
  getLatency: unary(async () => ({})),
  getErrors: unary(async () => ({})),
  getTraffic: unary(async () => ({})),
};

/** A gRPC client over bytes that closes when the test ends. */
export function grpcClient(address: string, options: Record<string, unknown> = {}): Client {
  const client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** "/logpulse.v1.IngestService/Write" */
export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

export const untouched = (bytes: Buffer): Buffer => bytes;

/** A unary method of the contract, with its messages. */
type UnaryMethod<I extends DescMessage, O extends DescMessage> = DescMethod & { input: I; output: O };

/** One unary call; a Buffer is sent as it is. Rejects with grpc-js's ServiceError. */
export async function callUnary<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: UnaryMethod<I, O>,
  request: MessageInitShape<I> | Buffer,
  options: { metadata?: Metadata; deadline?: number } = {},
): Promise<MessageShape<O>> {
  const bytes = Buffer.isBuffer(request) ? request : Buffer.from(toBinary(method.input, create(method.input, request)));
  const { metadata = new Metadata(), ...callOptions } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  client.makeUnaryRequest(pathOf(method), untouched, untouched, bytes, metadata, callOptions, (error, value) =>
    error ? reject(error) : resolve(value!),
  );
  return fromBinary(method.output, await promise);
}

/** Opens an Upload; `answer` settles with the response's bytes or grpc-js's ServiceError. */
export function openUpload(client: Client, options: { deadline?: number } = {}) {
  const { promise: answer, resolve, reject } = Promise.withResolvers<Buffer>();
  answer.catch(() => undefined);
  const call = client.makeClientStreamRequest(
    pathOf(IngestService.method.upload),
    untouched,
    untouched,
    new Metadata(),
    options,
    (error, value) => (error ? reject(error) : resolve(value!)),
  );
  call.on("error", () => undefined); // Told by the callback.
  return { call, answer };
}

/** The google.rpc.Status that travelled with an error. */
export function statusDetails(error: ServiceError | StatusObject): Status {
  return fromBinary(StatusSchema, error.metadata?.get("grpc-status-details-bin")[0] as Buffer);
}

/** The kind of our error that travelled with it, in capitals. */
export function reasonOf(error: ServiceError): string | undefined {
  return anyUnpack(statusDetails(error).details[0]!, ErrorInfoSchema)?.reason;
}

/** What a call rejected with. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error("the call did not fail");
}

/** Numbers from 0 to 1 that look random and are the same in every run. */
export function repeatableRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** Waits until something holds. */
export async function until(holds: () => boolean, msMax = 10_000): Promise<void> {
  const end = performance.now() + msMax;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`did not come to hold within ${msMax} ms: ${holds}`);
    await sleep(2);
  }
}
