import type { DescMethod } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Any, AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import * as grpc from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { grpcDefinition } from "./grpc-definition.ts";
import type { Answer, StubCall } from "./stub-call.ts";

type UnaryCall = grpc.ServerUnaryCall<object, object> | grpc.ServerReadableStream<object, object>;
type StreamCall = grpc.ServerWritableStream<object, object>;

/** Serves methods on a grpc-js server: each call goes to what `answerOf` gives at that moment. */
export function addMethods(
  server: grpc.Server,
  methods: readonly DescMethod[],
  answerOf: (method: DescMethod) => Answer,
) {
  const definitions: Record<string, grpc.MethodDefinition<object, object>> = {};
  const handlers: grpc.UntypedServiceImplementation = {};
  for (const method of methods) {
    definitions[method.localName] = grpcDefinition(method);
    handlers[method.localName] = grpcDefinition(method).responseStream
      ? (call: StreamCall) => void answerStream(call, answerOf(method))
      : (call: UnaryCall, done: grpc.sendUnaryData<object>) => void answerOnce(call, done, answerOf(method));
  }
  server.addService(definitions, handlers);
}

/** Serves grpc.health.v1.Health/Check; its two messages have one field each and are written by hand. */
export function addHealth(server: grpc.Server, isReady: () => boolean): void {
  const asIs = (bytes: Buffer) => bytes;
  const passing = {
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
  const check = { path: "/grpc.health.v1.Health/Check", requestStream: false, responseStream: false, ...passing };
  const serving = Buffer.from([8, 1]); // HealthCheckResponse { status = 1: SERVING }, 2: NOT_SERVING.
  const notServing = Buffer.from([8, 2]);
  const handler = (_call: unknown, done: grpc.sendUnaryData<Buffer>) => done(null, isReady() ? serving : notServing);
  server.addService({ check }, { check: handler });
}

async function answerOnce(call: UnaryCall, done: grpc.sendUnaryData<object>, answer: Answer): Promise<void> {
  try {
    done(null, await (answer(stubCall(call)) as Promise<object>));
  } catch (reason) {
    done(statusOf(reason));
  }
}

async function answerStream(call: StreamCall, answer: Answer): Promise<void> {
  try {
    for await (const message of answer(stubCall(call)) as AsyncIterable<object>) call.write(message);
    call.end();
  } catch (reason) {
    call.emit("error", statusOf(reason)); // grpc-js's way to end a stream with a status.
  }
}

function stubCall(call: UnaryCall | StreamCall): StubCall {
  return {
    protocol: "grpc",
    // Not the call itself: at the end of its messages a plain iteration destroys it, the way back included.
    messages: "request" in call ? one(call.request) : call.iterator({ destroyOnReturn: false }),
    header: (name) => call.metadata.get(name)[0]?.toString(),
    sendHeaders: () => call.sendMetadata(new grpc.Metadata()),
  };
}

/** A stream of one message. */
export async function* one(message: unknown): AsyncIterable<unknown> {
  yield message;
}

/**
 * The grpc-js form of a ConnectError: message, details as grpc-status-details-bin, metadata as trailers. Anything else is
 * UNKNOWN.
 */
function statusOf(reason: unknown): grpc.StatusObject {
  const error = ConnectError.from(reason, Code.Unknown);
  const metadata = new grpc.Metadata();
  for (const [name, value] of error.metadata) metadata.set(name, value);
  const code: number = error.code;
  const details = error.details.map(toAny);
  if (details.length > 0) {
    const status = create(StatusSchema, { code, message: error.rawMessage, details });
    metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, status)));
  }
  return { code, details: error.rawMessage, metadata };
}

function toAny(detail: ConnectError["details"][number]): Any {
  return "desc" in detail ? anyPack(detail.desc, create(detail.desc, detail.value)) : create(AnySchema);
}
