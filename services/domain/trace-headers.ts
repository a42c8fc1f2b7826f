/**
 * A place in a trace, as the headers of W3C Trace Context say it. What comes from outside is as it came: whoever uses it
 * checks it, and takes what is wrong for nothing. It has nothing to do with the trace that a log record tells of.
 */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string;
}
