import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodClientStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerRequest } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { LogPulseError } from "../domain/errors.ts";
import type { CallContext, MethodHandler, ServiceHandlers } from "../ports/service-handlers.ts";
import { type CallDesk, statusOfFailure } from "./call-desk.ts";
import { callerTrace } from "./caller-trace.ts";
import type { OpenCall } from "./calls-in-flight.ts";
import { EXTERNAL_ADDRESS_HEADER } from "./client-address.ts";
import { undecodable, withinBatchLimit } from "./grpc-mount.ts";
import { COMPRESSIONS, checkedBody } from "./http-request-body.ts";
import type { ReceivedShare } from "./received-bytes.ts";
import { countableConnectTimeout, countableGrpcTimeout } from "./request-timeout.ts";
import { toConnectError, toStatus } from "./rpc-status.ts";
import { SentMessages } from "./sent-messages.ts";

/** Answers the request and says true, or says false where its path is none of the services'. */
export type HttpMount = (request: IncomingMessage, response: ServerResponse) => boolean;

type Answer = MessageInitShape<DescMessage>;
type Message = MessageShape<DescMessage>;
type Run<T> = (context: CallContext) => Promise<T>;

const PEER = createContextKey<string | undefined>(undefined);
/** Cuts the connection off, with what is still to be written. */
const CUT_OFF = createContextKey<() => void>(() => undefined);

/** Serves the same handlers to Connect (JSON and binary) and gRPC-Web clients on HTTP/1.1. */
export function connectMount(services: readonly ServiceHandlers[], desk: CallDesk): HttpMount {
  const router = createConnectRouter({
    grpc: false,
    acceptCompression: COMPRESSIONS,
    jsonOptions: { ignoreUnknownFields: false }, // A misspelt field is a mistake, not nothing.
  });
  for (const bound of services.flatMap(({ methods }) => methods)) mount(router, bound, desk);
  const byPath = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const handler = byPath.get(request.url?.split("?", 1)[0] ?? "");
    if (handler === undefined) return false;
    void answer(handler, request, response, desk);
    return true;
  };
}

/** Never rejects: the library turns handlers' errors into answers; what is left is a broken connection, or a bug. */
async function answer(handler: UniversalHandler, request: IncomingMessage, response: ServerResponse, desk: CallDesk) {
  const share = desk.received.open();
  // Not below: what sends the answer waits for an event that a response on HTTP/1.1 does not have.
  response.once("close", () => share.close());
  try {
    const universal = universalRequest(handler, request, response, desk, share);
    await universalResponseToNodeResponse(await handler(universal), response);
  } catch (reason) {
    const code = ConnectError.from(reason).code;
    if (response.destroyed || code === Code.Aborted || code === Code.Canceled) return; // The client hung up.
    desk.log.error({ err: reason, method: handler.requestPath }, "a call failed by a fault of ours");
    if (response.headersSent) response.destroy();
    else response.writeHead(500).end();
  }
}

function universalRequest(
  handler: UniversalHandler,
  request: IncomingMessage,
  response: ServerResponse,
  desk: CallDesk,
  share: ReceivedShare,
) {
  const values = createContextValues()
    .set(PEER, request.socket.remoteAddress)
    .set(CUT_OFF, () => void response.destroy());
  // The library builds an address from Host, for which it has no use, and throws if that makes none.
  request.headers.host = "localhost";
  const universal = universalRequestFromNodeRequest(request, response, undefined, values);
  change(universal.header, "connect-timeout-ms", countableConnectTimeout);
  change(universal.header, "grpc-timeout", countableGrpcTimeout); // gRPC-Web's
  const body = checkedBody(request, universal.header, handler.method.input, desk, share);
  const checked = { ...universal, body: withConnectErrors(body, response) } satisfies UniversalServerRequest;
  return handler.method.methodKind === "bidi_streaming" ? toBeRefused(checked, response) : checked;
}

/** The library would answer a bare 505, which says nothing; for a version it takes, it says our error in each protocol. */
function toBeRefused(request: UniversalServerRequest, response: ServerResponse): UniversalServerRequest {
  response.shouldKeepAlive = false; // The client may go on sending, or wait for ever.
  return { ...request, httpVersion: "2" };
}

function change(headers: Headers, name: string, how: (value: string) => string): void {
  const value = headers.get(name);
  if (value !== null) headers.set(name, how(value));
}

/** The body, failing in the library's words; ours are the cause. */
async function* withConnectErrors(
  body: AsyncIterable<Uint8Array>,
  response: ServerResponse,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (reason) {
    // A client that sends nothing may send nothing for ever: its connection is of no more use.
    if (reason instanceof LogPulseError && reason.kind === "deadline_exceeded") response.shouldKeepAlive = false;
    throw Object.assign(toConnectError(toStatus(reason)), { cause: reason });
  }
}

/** Our own error where the library carried it, else the nearest: what it finds wrong before us is the request. */
function ownError(reason: unknown): unknown {
  if (!(reason instanceof ConnectError)) return reason;
  if (reason.cause instanceof LogPulseError) return reason.cause;
  return new LogPulseError(reason.code === Code.Canceled ? "cancelled" : "invalid_request", reason.rawMessage);
}

function mount(router: ConnectRouter, bound: MethodHandler, desk: CallDesk): void {
  const { method, handler } = bound;
  const serve = <T>(call: HandlerContext, run: Run<T>) => inCall(bound.method, call, desk, run);
  switch (handler.kind) {
    case "unary":
      router.rpc(method as DescMethodUnary, (request, call) =>
        serve(call, (context) => handler.handle(request, context)),
      );
      break;
    case "unary_bytes":
      router.rpc(method as DescMethodUnary, (request, call) =>
        serve(call, async (context) => handler.handle(encode(method, request), context)),
      );
      break;
    case "client_stream_bytes":
      router.rpc(method as DescMethodClientStreaming, (requests, call) =>
        serve(call, (context) => handler.handle(encodeEach(method, requests), context)),
      );
      break;
    case "server_stream":
      router.rpc(method as DescMethodServerStreaming, (request, call) =>
        sentMessages(call, desk, (sent) =>
          serve(call, (context) => handler.handle(request, (answer) => sent.send(answer), context)),
        ),
      );
      break;
    case "bidi_stream_bytes":
      router.rpc(method as DescMethodBiDiStreaming, () => {
        throw toConnectError(toStatus(needsHttp2(method)));
      });
  }
}

/** What `serve` sends until it settles. A client that does not read loses its connection: an error could not reach it. */
function sentMessages(
  call: HandlerContext,
  { streamIdleMsMax }: CallDesk,
  serve: (sent: SentMessages<Answer>) => Promise<void>,
): SentMessages<Answer> {
  const sent = new SentMessages<Answer>(streamIdleMsMax, (reason) => {
    sent.end(reason);
    call.values.get(CUT_OFF)();
  });
  serve(sent).then(
    () => sent.end(),
    (reason: unknown) => sent.end(reason),
  );
  return sent;
}

function needsHttp2({ name }: DescMethod): LogPulseError {
  const message = `${name} answers while its client still sends, which HTTP/1.1 cannot carry: call it by gRPC`;
  return new LogPulseError("unknown_method", message);
}

/** Runs a handler as one call of the desk. An abort answers the caller at once; the call counts until its handler ends. */
async function inCall<T>(method: DescMethod, call: HandlerContext, desk: CallDesk, run: Run<T>): Promise<T> {
  const external = call.requestHeader.get(EXTERNAL_ADDRESS_HEADER) ?? undefined;
  const client = desk.clientAddress(call.values.get(PEER), external);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  let signal: AbortSignal | undefined;
  try {
    const open = desk.calls.begin(true, reject);
    signal = open.signal;
    const timeoutMs = call.timeoutMs();
    const deadlineMs = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
    const onAbort = () => open.abort(whyAborted(deadlineMs));
    call.signal.addEventListener("abort", onAbort);
    if (call.signal.aborted) onAbort();
    const caller = desk.tellsCaller
      ? callerTrace("connect", (name) => call.requestHeader.get(name) ?? undefined)
      : undefined;
    const context = { tenant: desk.tenant, client, signal, stopping: desk.calls.stopping, deadlineMs, caller };
    return await Promise.race([aborted, endedBy(open, () => run(context))]);
  } catch (reason) {
    const path = `/${method.parent.typeName}/${method.name}`;
    throw toConnectError(statusOfFailure(ownError(reason), path, signal, desk.log));
  }
}

async function endedBy<T>(open: OpenCall, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } finally {
    open.end();
  }
}

function whyAborted(deadlineMs: number | undefined): LogPulseError {
  if (deadlineMs === undefined || Date.now() < deadlineMs) return new LogPulseError("cancelled", "the client hung up");
  return new LogPulseError("deadline_exceeded", "the deadline of the call has passed");
}

function encode(method: DescMethod, message: Message): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = toBinary(method.input, message);
  } catch (reason) {
    throw undecodable(method.input, reason);
  }
  return withinBatchLimit(bytes);
}

async function* encodeEach(method: DescMethod, messages: AsyncIterable<Message>): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const message of messages) yield encode(method, message);
  } catch (reason) {
    throw ownError(reason);
  }
}
