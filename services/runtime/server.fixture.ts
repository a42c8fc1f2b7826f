import { connect as connectHttp2, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  fromBinary,
  fromJson,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { onTestFinished, vi } from "vitest";
import { type Status, StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { StatsService } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { clientStreamBytes, defineService, type HandlersOf, unary, unaryBytes } from "../ports/service-handlers.ts";
import { LogPulseServer, type ServerSettings } from "./server.ts";

vi.setConfig({ testTimeout: 30_000 }); // Real sockets, on machines that have other things to do.

/** What tests change of the server. The handlers they do not give are the small ones below. */
export interface TestServerSettings extends Partial<Omit<ServerSettings, "services">> {
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
  write: unaryBytes(async (bytes) => ({ accepted: bytes.length })),
  writeLog: unary(async (request, context) => ({ id: request.message, message: context.client })),
  uploadLines: unary(async (request) => ({ message: request.lines.join(" ") })),
};

const ECHOING_STATS: HandlersOf<typeof StatsService> = {
  getStats: unary(async (request) => ({ type: request.type })),
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

/** What a call rejected with. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error("the call did not fail");
}

/** A plain TCP connection to the server, and all that came back on it. It closes when the test ends. */
export function openSocket(port: number, allowHalfOpen = false) {
  const socket: Socket = connect({ port, host: "127.0.0.1", allowHalfOpen });
  const received: Buffer[] = [];
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.on("data", (piece) => received.push(piece as Buffer)).on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return {
    socket,
    closed,
    text: () => Buffer.concat(received).toString("latin1"),
    bytes: () => Buffer.concat(received),
  };
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

/** What an HTTP/2 request got. */
export interface Http2Answer {
  headers: IncomingHttpHeaders;
  /** True where the first HEADERS frame ended the stream: no body, no trailers. */
  trailersOnly: boolean;
  trailers: IncomingHttpHeaders;
  body: Buffer;
}

/** An HTTP/2 connection that can send what gRPC clients would not. It closes when the test ends. */
export function openHttp2(address: string) {
  const session = connectHttp2(`http://${address}`);
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  /** `end: false` leaves the request open. Rejects when the stream is reset. */
  const request = (
    headers: OutgoingHttpHeaders,
    body: Uint8Array = Buffer.alloc(0),
    end = true,
  ): Promise<Http2Answer> => {
    const usual = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
    const stream = session.request({ ...usual, ...headers });
    const answer: Http2Answer = { headers: {}, trailersOnly: false, trailers: {}, body: Buffer.alloc(0) };
    const pieces: Buffer[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<Http2Answer>();
    stream.on("response", (received, flags) => {
      answer.headers = received;
      answer.trailersOnly = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    });
    stream.on("trailers", (received) => Object.assign(answer.trailers, received));
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    stream.on("end", () => resolve({ ...answer, body: Buffer.concat(pieces) }));
    stream.on("error", reject).on("close", () => reject(new Error(`the stream was closed: ${stream.rstCode}`)));
    if (end) stream.end(body);
    else stream.write(body);
    return promise;
  };
  return { session, request };
}

/** A message in gRPC's frame. */
export function grpcFrame(message: Uint8Array, flags = 0): Buffer<ArrayBuffer> {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Frame types of HTTP/2 (RFC 9113). */
export const HTTP2 = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  GOAWAY: 7,
  ACK: 1,
  END_STREAM: 1,
  END_HEADERS: 4,
} as const;

/** One HTTP/2 frame. */
export function http2Frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** What a client sends to open a connection and, on that stream, a gRPC call: the preface, SETTINGS and HEADERS. */
export function http2Opening(path: string, stream = 1): Buffer {
  const literal = (name: string, value: string) =>
    Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);
  const headers = { ":method": "POST", ":scheme": "http", ":path": path, ":authority": "x" };
  const all = Object.entries({ ...headers, "content-type": "application/grpc", te: "trailers" });
  return Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    http2Frame(HTTP2.SETTINGS, 0, 0),
    http2Frame(
      HTTP2.HEADERS,
      HTTP2.END_HEADERS,
      stream,
      Buffer.concat(all.map(([name, value]) => literal(name, value))),
    ),
  ]);
}

/** A field of a message that is declared in a test, as in FileDescriptorProto's JSON; a message where no type is told. */
interface DeclaredField {
  name: string;
  number: number;
  type?: string;
  typeName?: string;
  label?: string;
  proto3Optional?: boolean;
}

/**
 * Messages of a standard, declared as data: what our own readers and writers are held to. Gives the schema of the
 * message that is named, and one of them with those fields, both as `toBinary` takes them.
 */
export function declareMessages(packageName: string, messages: Record<string, DeclaredField[]>) {
  const messageType = Object.entries(messages).map(([name, fields]) => {
    const optional = fields.filter(({ proto3Optional }) => proto3Optional).map(({ name }) => ({ name: `_${name}` }));
    const field = fields.map((each) => ({
      label: "LABEL_OPTIONAL",
      type: "TYPE_MESSAGE",
      ...each,
      ...(each.proto3Optional ? { oneofIndex: optional.findIndex((oneof) => oneof.name === `_${each.name}`) } : {}),
    }));
    return { name, field, oneofDecl: optional };
  });
  const file = { name: `${packageName}.proto`, package: packageName, syntax: "proto3", messageType };
  const registry = createFileRegistry(fromJson(FileDescriptorSetSchema, { file: [file] }));
  return (name: string, fields: object): [DescMessage, Message] => {
    const schema = registry.getMessage(`${packageName}.${name}`)!;
    return [schema, create(schema, fields as MessageInitShape<DescMessage>)];
  };
}
