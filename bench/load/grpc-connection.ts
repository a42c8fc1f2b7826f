import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";

/** What became of a call. */
export interface CallOutcome {
  /** gRPC's status code; NO_ANSWER where the connection or the stream ended without one. */
  code: number;
  /** The answer's bytes; empty where the call failed. */
  message: Buffer;
  /** The wait that a refusal tells. */
  retryAfterMs: number | undefined;
}

export const NO_ANSWER = -1;

const OK = 0;
const FRAME_HEAD_BYTES = 5; // Whether it is compressed, and its length.
const CONNECT_MS_MAX = 10_000;
const SESSION_MEMORY_MIB_MAX = 1_000; // Calls that wait for an answer: Node's 10 MiB would refuse them here.

/**
 * A client of unary gRPC calls on one HTTP/2 connection, made for loads: it costs about half of grpc-js, and can call
 * from an address of its own.
 */
export class GrpcConnection {
  private readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
    session.on("error", () => {}); // Each call on it learns of its own end.
  }

  /** `localAddress`: of this machine, from which to call. @throws Error: nobody took the connection within 10 s. */
  static open(address: string, localAddress?: string): Promise<GrpcConnection> {
    const [host, port] = address.split(":") as [string, string];
    const session = connect(`http://${address}`, {
      maxSessionMemory: SESSION_MEMORY_MIB_MAX,
      createConnection: () => connectTcp({ host, port: Number(port), localAddress, noDelay: true }),
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => session.destroy(new Error(`no connection to ${address}`)), CONNECT_MS_MAX);
      session.once("error", reject);
      session.once("remoteSettings", () => {
        clearTimeout(timer);
        resolve(new GrpcConnection(session));
      });
    });
  }

  /** Never fails: every end is an outcome. `path`: "/package.Service/Method". */
  call(path: string, message: Uint8Array): Promise<CallOutcome> {
    return new Promise((resolve) => {
      if (this.session.closed || this.session.destroyed) return resolve(noAnswer());
      const stream = this.session.request({
        [constants.HTTP2_HEADER_METHOD]: "POST",
        [constants.HTTP2_HEADER_PATH]: path,
        [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
        [constants.HTTP2_HEADER_TE]: "trailers",
      });
      const parts: Buffer[] = [];
      let said: IncomingHttpHeaders | undefined; // What has the status: trailers, or headers alone.
      stream.on("response", (headers) => {
        if (headers["grpc-status"] !== undefined) said = headers;
      });
      stream.on("trailers", (trailers) => {
        said = trailers;
      });
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("error", () => {}); // "close" follows.
      stream.on("close", () => resolve(said === undefined ? noAnswer() : outcomeOf(said, parts)));
      stream.end(framed(message));
    });
  }

  /** Ends it with all calls on it. */
  close(): void {
    this.session.destroy();
  }
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_HEAD_BYTES);
  return frame;
}

function outcomeOf(said: IncomingHttpHeaders, parts: Buffer[]): CallOutcome {
  const code = Number(said["grpc-status"]);
  if (code !== OK) return { code, message: Buffer.alloc(0), retryAfterMs: retryAfterMs(said) };
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  return { code, message: bytes.subarray(FRAME_HEAD_BYTES), retryAfterMs: undefined };
}

function noAnswer(): CallOutcome {
  return { code: NO_ANSWER, message: Buffer.alloc(0), retryAfterMs: undefined };
}

/** Of google.rpc.RetryInfo among the details. */
function retryAfterMs(said: IncomingHttpHeaders): number | undefined {
  const details = said["grpc-status-details-bin"];
  if (typeof details !== "string") return undefined;
  for (const detail of fromBinary(StatusSchema, Buffer.from(details, "base64")).details) {
    const delay = anyUnpack(detail, RetryInfoSchema)?.retryDelay;
    if (delay !== undefined) return Number(delay.seconds) * 1_000 + delay.nanos / 1e6;
  }
  return undefined;
}
