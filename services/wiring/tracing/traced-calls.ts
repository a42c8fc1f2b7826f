import type { TraceHeaders } from "../../domain/trace-headers.ts";
import type { CallerTrace } from "../../ports/call-trace.ts";
import type { AnyHandler, CallContext, ServiceHandlers } from "../../ports/service-handlers.ts";
import type { SpanFacts, Traces } from "../../ports/traces.ts";
import { CallBatches, StreamBatches, type TracedLog } from "./batch-spans.ts";
import { ANSWERED_END, failedCallEnd } from "./call-end.ts";

type Handle = (...given: unknown[]) => Promise<unknown>;

const STREAMS: readonly AnyHandler["kind"][] = ["client_stream_bytes", "bidi_stream_bytes"];
const SYSTEMS = { grpc: "grpc", connect: "connectrpc", rest: "rest" } as const satisfies Record<
  CallerTrace["protocol"],
  string
>;

/**
 * The same service, with a span for each call and one for each batch that it sends to the log. A stream of batches has no
 * span of its own: it may go on for days, and would have all of its batches in one trace.
 */
export function tracedCalls({ service, methods }: ServiceHandlers, traces: Traces, log: TracedLog): ServiceHandlers {
  return {
    service,
    methods: methods.map(({ method, handler }) => {
      const call = { name: `${service.typeName}/${method.name}`, traces, log };
      const handle = STREAMS.includes(handler.kind) ? tracedStream(handler, call) : tracedCall(handler, call);
      return { method, handler: { ...handler, handle } as AnyHandler };
    }),
  };
}

interface TracedMethod {
  name: string;
  traces: Traces;
  log: TracedLog;
}

function tracedCall(handler: AnyHandler, { name, traces, log }: TracedMethod): Handle {
  const handle = handler.handle as Handle;
  return async (...given) => {
    const context = contextOf(given);
    const span = traces.begin({ name, kind: "server", parent: parentOf(context), facts: callFacts(name, context) });
    if (span === undefined) return handle(...given);
    try {
      const answer = await handle(...withTrace(given, new CallBatches(traces, log, span.headers)));
      span.end(ANSWERED_END);
      return answer;
    } catch (reason) {
      span.end(failedCallEnd(reason, context.signal));
      throw reason;
    }
  };
}

function tracedStream(handler: AnyHandler, { name, traces, log }: TracedMethod): Handle {
  const handle = handler.handle as Handle;
  return (...given) => {
    const context = contextOf(given);
    const batches = new StreamBatches(traces, log, parentOf(context), callFacts(name, context));
    return handle(...withTrace(given, batches));
  };
}

/** The last argument of every kind of handler. */
function contextOf(given: readonly unknown[]): CallContext {
  return given.at(-1) as CallContext;
}

function withTrace(given: readonly unknown[], trace: CallContext["trace"]): unknown[] {
  return given.with(-1, { ...contextOf(given), trace });
}

function parentOf({ caller }: CallContext): TraceHeaders | undefined {
  return caller?.headers;
}

function callFacts(name: string, { caller }: CallContext): SpanFacts {
  return { "rpc.method": name, "rpc.system.name": SYSTEMS[caller?.protocol ?? "grpc"] };
}
