import type { TraceHeaders } from "../domain/trace-headers.ts";

/** Facts of a span, by names of OpenTelemetry's conventions. Never a record's text, a tenant or a secret. */
export type SpanFacts = Readonly<Record<string, string | number>>;

/** A span that is to begin. */
export interface SpanStart {
  name: string;
  /** server: a call that we answer; producer, consumer: a message; client: what we ask of another system. */
  kind: "server" | "producer" | "consumer" | "client";
  /**
   * What it is part of, which has decided whether it is wanted. Without one, or where it is no trace context, the span
   * begins a trace of its own, and the share of those that are wanted decides.
   */
  parent?: TraceHeaders | undefined;
  /**
   * What else has led to it; what is no trace context is left out. A span without a parent is not wanted where one of
   * these is part of a trace that is not.
   */
  links?: readonly TraceHeaders[];
  facts: SpanFacts;
  /** Milliseconds since 1970, where it began before now. */
  beganMs?: number;
}

/** How a span ended. */
export interface SpanEnd {
  facts?: SpanFacts;
  /** Absent: well, or by a mistake of the caller's. */
  error?: { type: string; message: string };
  /** Milliseconds since 1970, where it ended before now; only where `beganMs` was given. */
  endedMs?: number;
}

/** A span under way. */
export interface Span {
  /** For those that are to be part of it. */
  readonly headers: TraceHeaders;
  /** Something else has to do with it. */
  link(to: TraceHeaders): void;
  /** Once. */
  end(end?: SpanEnd): void;
}

/**
 * Where the program says what it does, step by step, for those who look at single requests. It never rejects, never
 * throws and never waits: whatever happens to the spans, the work goes on.
 */
export interface Traces {
  /** Undefined where this one is not wanted. */
  begin(start: SpanStart): Span | undefined;
}
