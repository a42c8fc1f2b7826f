import type { SpanContext, Span as SpanOfLibrary } from "@opentelemetry/api";
import { type Context, defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import type { TraceHeaders } from "../../domain/trace-headers.ts";

const W3C = new W3CTraceContextPropagator(); // Alone: baggage is neither read nor passed on.

/** The headers as the library's context; a context without a span where they are none by W3C Trace Context. */
export function contextOf(headers: TraceHeaders | undefined): Context {
  return headers === undefined ? ROOT_CONTEXT : W3C.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
}

/** The place that the headers name; undefined where they are none. */
export function spanContextOf(headers: TraceHeaders): SpanContext | undefined {
  return trace.getSpanContext(contextOf(headers));
}

/** What names this span to others. */
export function headersOf(span: SpanOfLibrary): TraceHeaders {
  const headers = { traceparent: "" };
  W3C.inject(trace.setSpan(ROOT_CONTEXT, span), headers, defaultTextMapSetter);
  return headers;
}
