import type { IHeaders } from "kafkajs";
import type { TraceHeaders } from "../../domain/trace-headers.ts";

const TRACEPARENT = "traceparent";
const TRACESTATE = "tracestate";
const TRACEPARENT_KEY = Buffer.from(TRACEPARENT);
const TRACESTATE_KEY = Buffer.from(TRACESTATE);

/** The headers of a message that is followed; undefined for all others. */
export function headersWithTrace(trace: TraceHeaders | undefined): Map<Buffer, Buffer> | undefined {
  if (trace === undefined) return undefined;
  const headers = new Map([[TRACEPARENT_KEY, Buffer.from(trace.traceparent)]]);
  if (trace.tracestate) headers.set(TRACESTATE_KEY, Buffer.from(trace.tracestate));
  return headers;
}

/** What a message's headers, whoever wrote them, say of a trace. One that is given twice says nothing. */
export function traceOfHeaders(headers: IHeaders | undefined): TraceHeaders | undefined {
  const traceparent = headers?.[TRACEPARENT];
  if (traceparent === undefined || Array.isArray(traceparent)) return undefined;
  const tracestate = headers?.[TRACESTATE];
  if (tracestate === undefined || Array.isArray(tracestate)) return { traceparent: String(traceparent) };
  return { traceparent: String(traceparent), tracestate: String(tracestate) };
}
