import { TRACED_BATCHES_PER_CALL_MAX } from "../../domain/limits.ts";
import type { TraceHeaders } from "../../domain/trace-headers.ts";
import type { BatchTrace, CallTrace, TracedBatch } from "../../ports/call-trace.ts";
import type { Span, SpanFacts, SpanStart, Traces } from "../../ports/traces.ts";
import { failedEnd } from "./span-error.ts";

/** The log, by the words of OpenTelemetry's conventions. */
export interface TracedLog {
  /** "kafka" or "sqlite" */
  system: string;
  /** The topic, or the file. */
  destination: string;
}

/** What every span about a message of the log says. */
export function logFacts({ system, destination }: TracedLog, operation: "send" | "process"): SpanFacts {
  return {
    "messaging.system.name": system,
    "messaging.destination.name": destination,
    "messaging.operation.name": operation,
    "messaging.operation.type": operation,
  };
}

/** The batches of a call that has a span: theirs are parts of it. */
export class CallBatches implements CallTrace {
  private readonly traces: Traces;
  private readonly log: TracedLog;
  private readonly call: TraceHeaders;

  constructor(traces: Traces, log: TracedLog, call: TraceHeaders) {
    this.traces = traces;
    this.log = log;
    this.call = call;
  }

  begin(batch: TracedBatch): BatchTrace | undefined {
    return follow(this.traces, batch, this.log, { parent: this.call });
  }
}

/**
 * The batches of a stream. The first ones are parts of the caller's trace, if it has one; those behind them begin traces
 * of their own, which name the caller's: no trace grows for as long as a stream lives.
 */
export class StreamBatches implements CallTrace {
  private readonly traces: Traces;
  private readonly log: TracedLog;
  private readonly caller: TraceHeaders | undefined;
  private readonly callFacts: SpanFacts;
  private batches = 0;

  constructor(traces: Traces, log: TracedLog, caller: TraceHeaders | undefined, callFacts: SpanFacts) {
    this.traces = traces;
    this.log = log;
    this.caller = caller;
    this.callFacts = callFacts;
  }

  begin(batch: TracedBatch): BatchTrace | undefined {
    const { caller, callFacts: facts } = this;
    if (caller === undefined) return follow(this.traces, batch, this.log, { facts });
    this.batches += 1;
    const place = this.batches <= TRACED_BATCHES_PER_CALL_MAX ? { parent: caller } : { links: [caller] };
    return follow(this.traces, batch, this.log, { ...place, facts });
  }
}

function follow(
  traces: Traces,
  { records, rejects, bytes }: TracedBatch,
  log: TracedLog,
  { facts, ...place }: Partial<SpanStart>,
): BatchTrace | undefined {
  const span = traces.begin({
    name: `send ${log.destination}`,
    kind: "producer",
    ...place,
    facts: {
      ...logFacts(log, "send"),
      ...facts,
      "messaging.message.body.size": bytes,
      "logpulse.records": records,
      "logpulse.rejects": rejects,
    },
  });
  return span && new FollowedBatch(span);
}

class FollowedBatch implements BatchTrace {
  private readonly span: Span;

  constructor(span: Span) {
    this.span = span;
  }

  get headers(): TraceHeaders {
    return this.span.headers;
  }

  kept(): void {
    this.span.end();
  }

  failed(reason: unknown): void {
    this.span.end(failedEnd(reason));
  }
}
