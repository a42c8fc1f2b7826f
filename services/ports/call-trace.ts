import type { TraceHeaders } from "../domain/trace-headers.ts";

/** How a call came in, and what its caller says of a trace. */
export interface CallerTrace {
  protocol: "grpc" | "connect" | "rest";
  /** Unchecked. Absent: the caller says nothing, or more than one thing. */
  headers?: TraceHeaders;
}

/** A batch at the beginning of its way into the log. */
export interface TracedBatch {
  records: number;
  /** Of them, those that break the contract. */
  rejects: number;
  /** As it came. */
  bytes: number;
}

/** Follows the batches of one call. */
export interface CallTrace {
  /** Undefined where nobody wants to know of this one: then it costs nothing more. */
  begin(batch: TracedBatch): BatchTrace | undefined;
}

/** One batch that is followed. Exactly one of the two is called, once. */
export interface BatchTrace {
  /** Goes with the batch's message. */
  readonly headers: TraceHeaders;
  /** The log keeps it, or there was nothing to keep. */
  kept(): void;
  failed(reason: unknown): void;
}
