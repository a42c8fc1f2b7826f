import { connect as connectHttp2, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { connect, type Socket } from "node:net";
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { onTestFinished } from "vitest";
import { WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";

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

/** What an HTTP/2 request got. */
export interface Http2Answer {
  headers: IncomingHttpHeaders;
  /** True where the first HEADERS frame ended the stream: no body, no trailers. */
  trailersOnly: boolean;
  trailers: IncomingHttpHeaders;
  body: Buffer;
}

/** An HTTP/2 connection, `from` an address of ours, that can send what gRPC clients would not. It closes when the test ends. */
export function openHttp2(address: string, from?: string) {
  const { hostname, port } = new URL(`http://${address}`);
  const createConnection = () => connect({ host: hostname, port: Number(port), localAddress: from });
  const session = connectHttp2(`http://${address}`, { createConnection });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  /** `end: false` leaves the request open. Rejects when the stream is reset, but for CANCEL: Node takes that for an end. */
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

/** What the answers to Write say that came back, in the order in which they came. */
export function grpcAnswers(bytes: Buffer): number[] {
  const answers: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    const payload = bytes.subarray(at + 9, at + 9 + bytes.readUIntBE(at, 3));
    const isAnswer = bytes[at + 3] === HTTP2.DATA && payload.length > 5;
    if (isAnswer) answers.push(fromBinary(WriteResponseSchema, payload.subarray(5)).accepted);
  }
  return answers;
}
