import type { CallerTrace } from "../ports/call-trace.ts";

/**
 * How a call came in, and what its headers say of a trace. `headerOf`: of a header, several joined by commas as HTTP has
 * it: that is fine for `tracestate`, and no traceparent for whoever reads it.
 */
export function callerTrace(
  protocol: CallerTrace["protocol"],
  headerOf: (header: "traceparent" | "tracestate") => string | undefined,
): CallerTrace {
  const traceparent = headerOf("traceparent");
  if (traceparent === undefined) return { protocol };
  const tracestate = headerOf("tracestate");
  return { protocol, headers: tracestate === undefined ? { traceparent } : { traceparent, tracestate } };
}
