import { randomBytes } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogBatchSchema } from "../../../gen/logpulse/v1/log_batch_pb.ts";
import { MemoryCounter } from "../../adapters/memory/counter.ts";
import { MemoryEventLog } from "../../adapters/memory/event-log.ts";
import { NoLimiter } from "../../adapters/memory/no-limiter.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { TRACED_BATCHES_PER_CALL_MAX } from "../../domain/limits.ts";
import type { TraceHeaders } from "../../domain/trace-headers.ts";
import { IngestCounts } from "../../ingest/ingest-counts.ts";
import { ingestService } from "../../ingest/ingest-handlers.ts";
import type { CallerTrace } from "../../ports/call-trace.ts";
import { ManualClock } from "../../ports/manual-clock.ts";
import type { CallContext } from "../../ports/service-handlers.ts";
import type { Traces } from "../../ports/traces.ts";
import { RecordedTraces } from "./recorded-traces.fixture.ts";
import { tracedCalls } from "./traced-calls.ts";

const CALLER = { protocol: "grpc", headers: { traceparent: "the caller" } } as const satisfies CallerTrace;

/** A log that notes what goes with each batch, or fails. */
class NotingLog extends MemoryEventLog {
  readonly traces: (TraceHeaders | undefined)[] = [];
  failure: Error | undefined;

  override async append(
    partition: number,
    batches: readonly Uint8Array[],
    traces?: readonly (TraceHeaders | undefined)[],
  ): Promise<void> {
    if (this.failure) throw this.failure;
    this.traces.push(...batches.map((_, index) => traces?.[index]));
    await super.append(partition, batches);
  }
}

function tracedIngest(traces: Traces) {
  const log = new NotingLog(1);
  const service = ingestService({
    log,
    limiter: new NoLimiter(),
    clock: new ManualClock(Date.UTC(2026, 10, 22)),
    randomBytes,
    counts: new IngestCounts(),
    counter: new MemoryCounter(),
    producerAgeDaysMax: 27,
  });
  const { methods } = tracedCalls(service, traces, { system: "kafka", destination: "batches" });
  const call = (name: string, request: unknown, caller?: CallerTrace) => {
    const { handler } = methods.find(({ method }) => method.name === name)!;
    const handle = handler.handle as (...given: unknown[]) => Promise<unknown>;
    const never = new AbortController().signal;
    const context: CallContext = { tenant: "default", client: "c", signal: never, stopping: never, caller };
    return handler.kind === "bidi_stream_bytes"
      ? handle(request, async () => undefined, context)
      : handle(request, context);
  };
  return { log, call };
}

const batch = (...messages: string[]) =>
  toBinary(LogBatchSchema, create(LogBatchSchema, { records: messages.map((message) => ({ message })) }));

async function* batches(count: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) yield batch("a", "b");
}

describe("a call of one request", () => {
  it("is a span in its caller's trace, and what it sends to the log is one in it, which goes with the message", async () => {
    const traces = new RecordedTraces();
    const { call, log } = tracedIngest(traces);
    await call("Write", batch("a", "b"), CALLER);
    const [ofCall, ofBatch] = traces.spans;
    expect(ofCall).toMatchObject({
      name: "logpulse.v1.IngestService/Write",
      kind: "server",
      parent: CALLER.headers,
      facts: { "rpc.system.name": "grpc", "rpc.method": "logpulse.v1.IngestService/Write" },
      ended: { facts: { "rpc.status_code": "OK" } },
    });
    expect(ofBatch).toMatchObject({
      name: "send batches",
      kind: "producer",
      parent: ofCall!.headers,
      facts: {
        "messaging.system.name": "kafka",
        "messaging.destination.name": "batches",
        "messaging.operation.type": "send",
        "logpulse.records": 2,
        "logpulse.rejects": 0,
      },
      ended: {},
    });
    expect(log.traces).toEqual([ofBatch!.headers]);
  });

  it("that nobody wants to follow has none: nothing of it is asked for again", async () => {
    let asked = 0;
    const { call, log } = tracedIngest(new RecordedTraces(() => ++asked < 0));
    await call("Write", batch("a"));
    expect([asked, log.traces]).toEqual([1, [undefined]]);
  });

  it.each([
    ["a mistake of the caller's", () => new Uint8Array([7]), undefined, "INVALID_ARGUMENT", undefined],
    [
      "a log that is away",
      () => batch("a"),
      new LogPulseError("log_unavailable", "no Kafka"),
      "UNAVAILABLE",
      "no Kafka",
    ],
    ["a fault of ours, whose words nobody has checked", () => batch("a"), new Error("secret"), "INTERNAL", "bug"],
  ])("that fails by %s says so", async (_, request, failure, status, message) => {
    const traces = new RecordedTraces();
    const { call, log } = tracedIngest(traces);
    log.failure = failure;
    await expect(call("Write", request())).rejects.toThrow();
    const [ofCall, ofBatch] = traces.spans;
    expect([ofCall!.ended!.facts, ofCall!.ended!.error?.message]).toEqual([{ "rpc.status_code": status }, message]);
    expect(ofBatch?.ended?.error?.message).toBe(message);
  });
});

describe("a stream", () => {
  it.each(["Upload", "Stream"])("has no span of its own; each of its batches has one: %s", async (name) => {
    const traces = new RecordedTraces();
    const { call, log } = tracedIngest(traces);
    await call(name, batches(3), CALLER);
    expect(traces.spans.map(({ name, kind, parent }) => ({ name, kind, parent }))).toEqual(
      Array.from({ length: 3 }, () => ({ name: "send batches", kind: "producer", parent: CALLER.headers })),
    );
    expect(traces.spans[0]!.facts).toMatchObject({ "rpc.method": `logpulse.v1.IngestService/${name}` });
    expect(log.traces).toEqual(traces.spans.map(({ headers }) => headers));
  });

  it("without a caller's trace lets each batch begin one", async () => {
    const traces = new RecordedTraces();
    await tracedIngest(traces).call("Upload", batches(2));
    expect(traces.spans.map(({ parent, links }) => [parent, links])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it("has so many batches in its caller's trace and no more; those behind them name it", async () => {
    const traces = new RecordedTraces();
    await tracedIngest(traces).call("Upload", batches(TRACED_BATCHES_PER_CALL_MAX + 2), CALLER);
    const [inTrace, behind] = [traces.spans.slice(0, -2), traces.spans.slice(-2)];
    expect(inTrace.every(({ parent }) => parent === CALLER.headers)).toBe(true);
    expect(behind.map(({ parent, links }) => [parent, links])).toEqual([
      [undefined, [CALLER.headers]],
      [undefined, [CALLER.headers]],
    ]);
  });
});
