import type { DescMessage, DescMethod, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { CallerTrace, CallTrace } from "./call-trace.ts";

/**
 * How a role offers its calls: plain functions over messages. `runtime/` mounts the same functions on gRPC, Connect,
 * gRPC-Web and REST, so a role never sees a protocol.
 *
 * A handler that rejects ends the call with an error: a LogPulseError is sent as it is, anything else as `bug` without
 * details, and is logged once. A handler that takes bytes gets an encoded message, at most BATCH_BYTES_MAX, not
 * decoded: gRPC hands it over as it came, Connect, gRPC-Web and REST encode what they decoded. Those bytes are the handler's
 * to read and never to change; a view on them keeps the whole message alive.
 */
export interface CallContext {
  /** Whose records these are. Set by the server, in one place. */
  tenant: string;
  /** The address of the client, without port; an IPv4 address is never written as IPv6. "unknown" if it hung up. */
  client: string;
  /**
   * Aborted when nobody waits for the answer: the client hung up, its deadline passed, it was silent too long in the
   * middle of a stream, or the process stops and cannot wait longer. Its reason is a LogPulseError that says which.
   */
  signal: AbortSignal;
  /**
   * Aborted when the process begins to stop; its reason is the LogPulseError to end with. A call that would be over by
   * itself in a moment takes no notice. One that goes on for as long as its client likes ends now, in order: the
   * process waits a few seconds for it, then aborts `signal`.
   */
  stopping: AbortSignal;
  /** When the client's deadline passes, in milliseconds since 1970; absent where it set none. */
  deadlineMs?: number;
  /** For traces, by the server; absent where there are none. */
  caller?: CallerTrace;
  /** Follows the call's batches into the log; absent where nobody wants to know. */
  trace?: CallTrace;
}

/** One message in, one message out. */
export interface UnaryHandler<I extends DescMessage, O extends DescMessage> {
  kind: "unary";
  handle: (request: MessageShape<I>, context: CallContext) => Promise<MessageInitShape<O>>;
}

/** One encoded message in, one message out. */
export interface UnaryBytesHandler<O extends DescMessage> {
  kind: "unary_bytes";
  handle: (bytes: Uint8Array, context: CallContext) => Promise<MessageInitShape<O>>;
  /** Encodes an answer of `handle` for gRPC, faster than the library would. Left out: the library does. */
  encode?: EncodeAnswer<O>;
}

/** Makes the bytes that the library would make, in memory that nobody else writes to. */
export type EncodeAnswer<O extends DescMessage> = (answer: MessageInitShape<O>) => Uint8Array;

/**
 * Any number of encoded messages in, one message out. The client is read only as fast as the handler iterates; a
 * handler that stops iterating ends the call.
 */
export interface ClientStreamBytesHandler<O extends DescMessage> {
  kind: "client_stream_bytes";
  handle: (messages: AsyncIterable<Uint8Array>, context: CallContext) => Promise<MessageInitShape<O>>;
}

/** Sends one message to the client. */
export type Send<O extends DescMessage> = (answer: MessageInitShape<O>) => Promise<void>;

/**
 * One message in, any number of messages out. On every protocol; REST has them as lines of JSON or as server-sent
 * events.
 *
 * `send` resolves when the transport has taken the message; one at a time. It rejects when the call was aborted, also
 * because the client did not read the message within STREAM_IDLE_MS_MAX.
 *
 * The call ends, well, when `handle` resolves. One that goes on for as long as its client likes looks at
 * `context.stopping`.
 */
export interface ServerStreamHandler<I extends DescMessage, O extends DescMessage> {
  kind: "server_stream";
  handle: (request: MessageShape<I>, send: Send<O>, context: CallContext) => Promise<void>;
}

/**
 * Any number of encoded messages in, any number of messages out, side by side. gRPC only: over HTTP/1.1 such a call
 * cannot be made, and is refused.
 *
 * `messages` is read only as fast as the handler iterates. It ends behind the client's last message, and as soon as the
 * process begins to stop (`context.stopping`). The client may be silent between two messages for STREAM_QUIET_MS_MAX.
 * A message may be larger than BATCH_BYTES_MAX, by a little (GRPC_MESSAGE_BYTES_MAX): it is the handler's to refuse, so
 * that the stream can go on. The server does not count its memory any more: the handler bounds what it holds, over all
 * streams, and holds no message while it waits for its client.
 *
 * `send` resolves when the transport has taken the message; one at a time. It rejects when the call was aborted, also
 * because the client did not read the message within STREAM_IDLE_MS_MAX.
 *
 * The call ends, well, when `handle` resolves.
 */
export interface BidiStreamBytesHandler<O extends DescMessage> {
  kind: "bidi_stream_bytes";
  handle: (messages: AsyncIterable<Uint8Array>, send: Send<O>, context: CallContext) => Promise<void>;
}

/** What may stand behind a method of that kind. */
type HandlerOf<M> = M extends { methodKind: "unary"; input: infer I extends DescMessage; output: infer O }
  ? O extends DescMessage
    ? UnaryHandler<I, O> | UnaryBytesHandler<O>
    : never
  : M extends { methodKind: "client_streaming"; output: infer O extends DescMessage }
    ? ClientStreamBytesHandler<O>
    : M extends { methodKind: "server_streaming"; input: infer I extends DescMessage; output: infer O }
      ? O extends DescMessage
        ? ServerStreamHandler<I, O>
        : never
      : M extends { methodKind: "bidi_streaming"; output: infer O extends DescMessage }
        ? BidiStreamBytesHandler<O>
        : never;

/** A handler for each method of a service: a missing name, a wrong one, or a wrong message does not compile. */
export type HandlersOf<S extends DescService> = { [Name in keyof S["method"]]: HandlerOf<S["method"][Name]> };

/** A handler whose messages are not known at compile time, as the mounts see it. */
export type AnyHandler =
  | UnaryHandler<DescMessage, DescMessage>
  | UnaryBytesHandler<DescMessage>
  | ClientStreamBytesHandler<DescMessage>
  | ServerStreamHandler<DescMessage, DescMessage>
  | BidiStreamBytesHandler<DescMessage>;

/** A method and its handler. */
export interface MethodHandler {
  method: DescMethod;
  handler: AnyHandler;
}

/** A service with all of its handlers, ready to be mounted. */
export interface ServiceHandlers {
  service: DescService;
  methods: readonly MethodHandler[];
}

/** A handler for a unary method. */
export function unary<I extends DescMessage, O extends DescMessage>(
  handle: UnaryHandler<I, O>["handle"],
): UnaryHandler<I, O> {
  return { kind: "unary", handle };
}

/** A handler for a unary method that reads the encoded request itself. */
export function unaryBytes<O extends DescMessage>(
  handle: UnaryBytesHandler<O>["handle"],
  encode?: EncodeAnswer<O>,
): UnaryBytesHandler<O> {
  return { kind: "unary_bytes", handle, encode };
}

/** A handler for a client-streaming method that reads the encoded requests itself. */
export function clientStreamBytes<O extends DescMessage>(
  handle: ClientStreamBytesHandler<O>["handle"],
): ClientStreamBytesHandler<O> {
  return { kind: "client_stream_bytes", handle };
}

/** A handler for a server-streaming method. */
export function serverStream<I extends DescMessage, O extends DescMessage>(
  handle: ServerStreamHandler<I, O>["handle"],
): ServerStreamHandler<I, O> {
  return { kind: "server_stream", handle };
}

/** A handler for a bidirectional method that reads the encoded requests itself. */
export function bidiStreamBytes<O extends DescMessage>(
  handle: BidiStreamBytesHandler<O>["handle"],
): BidiStreamBytesHandler<O> {
  return { kind: "bidi_stream_bytes", handle };
}

/**
 * Binds a service of the contract to its handlers.
 *
 *     defineService(StatsService, { getStats: unary(async (request, context) => ({ type: request.type })) })
 */
export function defineService<S extends DescService>(service: S, handlers: HandlersOf<S>): ServiceHandlers {
  const byName = handlers as Record<string, AnyHandler>;
  const methods = service.methods.map((method) => {
    const handler = byName[method.localName];
    if (handler === undefined) throw new Error(`no handler for ${service.typeName}.${method.name}`);
    return { method, handler };
  });
  return { service, methods };
}
