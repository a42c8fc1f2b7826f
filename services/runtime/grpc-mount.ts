import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Metadata, MetadataValue, ServerInterceptor, ServiceDefinition } from "@grpc/grpc-js";
import { ServerInterceptingCall } from "@grpc/grpc-js";
import { LogPulseError } from "../domain/errors.ts";
import { BATCH_BYTES_MAX, SMALL_ANSWER_BYTES_MAX } from "../domain/limits.ts";
import type { AnyHandler, CallContext, MethodHandler, ServiceHandlers } from "../ports/service-handlers.ts";
import { type CallDesk, statusOfFailure } from "./call-desk.ts";
import { callerTrace } from "./caller-trace.ts";
import type { OpenCall } from "./calls-in-flight.ts";
import { EXTERNAL_ADDRESS_HEADER } from "./client-address.ts";
import { GrpcCall, type LongSides } from "./grpc-call.ts";
import { toGrpcStatus } from "./rpc-status.ts";
import type { StreamShares } from "./stream-shares.ts";

/** A method as the gRPC side serves it: encoded messages in and out. */
export interface GrpcMethod {
  /** "/logpulse.v1.IngestService/Write" */
  path: string;
  /** False for those that a stopping process need not wait for. */
  waitedFor: boolean;
  /** True for streams of any direction: they last as long as their client likes. */
  goesOn: boolean;
  /** Left out: none. See `GrpcCall`. */
  long?: LongSides | undefined;
  /** Reads from the call and sends to it. When it resolves the call has ended well, when it rejects with that error. */
  serve: (call: GrpcCall, context: CallContext) => Promise<void>;
}

const ARRAY_IN_HEAP_BYTES_MAX = 64; // V8's typed_array_max_size_in_heap.

const LONG_SIDES: Partial<Record<AnyHandler["kind"], LongSides>> = {
  server_stream: "answers",
  bidi_stream_bytes: "both",
};

/** The methods of these services, as the gRPC side serves them. */
export function grpcMethods(services: readonly ServiceHandlers[]): GrpcMethod[] {
  return services.flatMap(({ service, methods }) =>
    methods.map((bound) => ({
      path: `/${service.typeName}/${bound.method.name}`,
      waitedFor: true,
      goesOn: bound.handler.kind !== "unary" && bound.handler.kind !== "unary_bytes",
      long: LONG_SIDES[bound.handler.kind],
      serve: serverOf(bound),
    })),
  );
}

/**
 * What grpc-js is to know of the methods: that they exist. The interceptor serves them, so none has a handler here, and
 * messages pass as they are.
 */
export function serviceDefinition(methods: readonly GrpcMethod[]): ServiceDefinition {
  const untouched = (bytes: Buffer) => bytes;
  const pass = {
    requestSerialize: asBuffer,
    responseSerialize: asBuffer,
    requestDeserialize: untouched,
    responseDeserialize: untouched,
  };
  const definitions = methods.map(({ path }) => [path, { path, requestStream: true, responseStream: true, ...pass }]);
  return Object.fromEntries(definitions);
}

/**
 * The bytes as grpc-js wants them. Those of a small array stand in V8's heap, and to ask for its `buffer` would move them
 * out, which takes longer than to copy them into Node's pool.
 */
function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes; // grpc-js copies it in the same step.
  if (bytes.length <= ARRAY_IN_HEAP_BYTES_MAX) return Buffer.from(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Serves the methods from grpc-js's interceptor layer (`GrpcCall` says why); a path that is not theirs passes by. */
export function grpcInterceptor(
  methods: readonly GrpcMethod[],
  desk: CallDesk,
  shares: StreamShares,
): ServerInterceptor {
  const byPath = new Map(methods.map((method) => [method.path, method]));
  return (definition, wire) => {
    const method = byPath.get(definition.path);
    return method === undefined ? new ServerInterceptingCall(wire) : new ServedCall(wire, method, desk, shares);
  };
}

/** The call that grpc-js's own handler would get; instead of starting that handler it serves the method. */
class ServedCall extends ServerInterceptingCall {
  private readonly call: GrpcCall;
  private readonly method: GrpcMethod;
  private readonly desk: CallDesk;
  private readonly shares: StreamShares;
  private open: OpenCall | undefined;

  constructor(
    wire: ConstructorParameters<typeof ServerInterceptingCall>[0],
    method: GrpcMethod,
    desk: CallDesk,
    shares: StreamShares,
  ) {
    super(wire);
    this.method = method;
    this.desk = desk;
    this.shares = shares;
    const onStart = (metadata: Metadata) => void this.serve(metadata);
    const onAbort = (reason: LogPulseError) => this.open?.abort(reason);
    this.call = new GrpcCall(wire, desk, { onStart, onAbort }, method.long);
  }

  override start(): void {
    this.call.start();
  }

  /** Never rejects: whatever goes wrong becomes the call's status. */
  private async serve(metadata: Metadata): Promise<void> {
    const { call, method, desk } = this;
    const { session } = call;
    if (method.goesOn) this.shares.addLong(session, 1);
    try {
      this.open = desk.calls.begin(method.waitedFor, (reason) => call.abort(reason));
      const external = metadata.get(EXTERNAL_ADDRESS_HEADER)[0]?.toString();
      const client = desk.clientAddress(call.peer, external);
      const { signal } = this.open;
      const { stopping } = desk.calls;
      const caller = desk.tellsCaller ? callerTrace("grpc", (name) => joined(metadata.get(name))) : undefined;
      await method.serve(call, { tenant: desk.tenant, client, signal, stopping, deadlineMs: call.deadlineMs, caller });
      call.end();
    } catch (reason) {
      call.end(toGrpcStatus(statusOfFailure(reason, method.path, this.open?.signal, desk.log)));
    } finally {
      this.open?.end();
      if (method.goesOn) this.shares.addLong(session, -1);
    }
  }
}

/** The values of a header as HTTP/1.1 has them. */
function joined(values: readonly MetadataValue[]): string | undefined {
  return values.length === 0 ? undefined : values.join(",");
}

function serverOf({ method, handler }: MethodHandler): GrpcMethod["serve"] {
  const encode = (answer: MessageInitShape<DescMessage>) => toBinary(method.output, create(method.output, answer));
  switch (handler.kind) {
    case "unary":
      return async (call, context) => {
        const request = decode(method.input, await onlyMessage(call));
        await answer(call, encode(await handler.handle(request, context)));
      };
    case "unary_bytes": {
      const encodeAnswer = handler.encode ?? encode;
      return async (call, context) => {
        const bytes = withinBatchLimit(await onlyMessage(call));
        await answer(call, encodeAnswer(await handler.handle(bytes, context)));
      };
    }
    case "client_stream_bytes":
      return async (call, context) => {
        await answer(call, encode(await handler.handle(eachWithinBatchLimit(call), context)));
      };
    case "server_stream":
      return async (call, context) => {
        const request = decode(method.input, await onlyMessage(call));
        await handler.handle(request, (answer) => call.send(encode(answer)), context);
      };
    case "bidi_stream_bytes":
      return async (call, context) => {
        const { stopping } = context;
        const stopReading = () => void call.return();
        stopping.addEventListener("abort", stopReading);
        if (stopping.aborted) stopReading();
        try {
          await handler.handle(call, (answer) => call.send(encode(answer)), context);
        } finally {
          stopping.removeEventListener("abort", stopReading); // The signal outlives the call.
        }
      };
  }
}

/** Sends the only answer. A stop waits for one that is large, until the client has taken it. */
async function answer(call: GrpcCall, message: Uint8Array): Promise<void> {
  if (message.length <= SMALL_ANSWER_BYTES_MAX) call.endWith(message);
  else await call.send(message);
}

/** The one message of a unary call. @throws LogPulseError `invalid_request` where there is none, or a second one. */
export async function onlyMessage(call: GrpcCall): Promise<Uint8Array> {
  const first = await call.next();
  if (first.done) throw new LogPulseError("invalid_request", "the call has no message");
  const second = await call.nextBeside();
  if (!second.done) throw new LogPulseError("invalid_request", "the call has more than one message");
  return first.value;
}

function decode(desc: DescMessage, bytes: Uint8Array) {
  try {
    return fromBinary(desc, bytes);
  } catch (reason) {
    throw undecodable(desc, reason);
  }
}

/** The error for bytes that are not this message. */
export function undecodable(desc: DescMessage, reason: unknown): LogPulseError {
  const why = reason instanceof Error ? reason.message : String(reason);
  return new LogPulseError("invalid_request", `the bytes are no ${desc.typeName}: ${why}`, { cause: reason });
}

/** The bytes. @throws LogPulseError `invalid_batch` where they are more than a batch may have. */
export function withinBatchLimit(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= BATCH_BYTES_MAX) return bytes;
  const message = `the batch has ${bytes.length} bytes; it may have ${BATCH_BYTES_MAX}`;
  throw new LogPulseError("invalid_batch", message, { metadata: { limit: String(BATCH_BYTES_MAX) } });
}

async function* eachWithinBatchLimit(messages: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const bytes of messages) yield withinBatchLimit(bytes);
}
