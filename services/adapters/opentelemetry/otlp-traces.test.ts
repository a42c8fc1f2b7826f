import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../../../stack/free-port.ts";
import { TRACE_SPANS_WAITING_MAX, TRACE_STOP_MS_MAX } from "../../domain/limits.ts";
import type { SpanStart } from "../../ports/traces.ts";
import { startOtlpReceiver } from "./otlp-receiver.fixture.ts";
import { OtlpTraces } from "./otlp-traces.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const CALLER = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "a=1,b=2" };
const START: SpanStart = { name: "n", kind: "server", facts: { text: "t", number: 3 } };

async function tracesTo(share: number, answer?: (response: ServerResponse) => void) {
  const receiver = await startOtlpReceiver(answer);
  onTestFinished(() => receiver.stop());
  return { receiver, ...tracesAt(receiver.url, share) };
}

function tracesAt(url: string, share: number, random: () => number = Math.random) {
  const told: string[] = [];
  const tell = (_facts: object, message: string) => void told.push(message);
  const logger = { debug: tell, info: tell, warn: tell, error: tell };
  return { told, traces: new OtlpTraces({ url, share, random, resource: { "service.name": "s" } }, logger) };
}

describe("spans", () => {
  it("arrive at the collector as they were begun and ended", async () => {
    const { traces, receiver } = await tracesTo(0);
    const other = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
    const start: SpanStart = { ...START, parent: CALLER, links: [{ traceparent: other }, { traceparent: "wrong" }] };
    const span = traces.begin(start)!;
    const child = traces.begin({ ...START, kind: "producer", parent: span.headers })!;
    child.end({ error: { type: "log_unavailable", message: "away" }, facts: { late: 1 } });
    span.link(child.headers);
    span.end();
    await traces.close();

    const [ofChild, ofSpan] = receiver.spans;
    expect(ofSpan).toMatchObject({
      traceId: TRACE,
      parentId: SPAN,
      traceState: "a=1,b=2",
      kind: 2,
      facts: { text: "t", number: 3 },
      links: [
        { traceId: "1".repeat(32), spanId: "2".repeat(16) },
        { traceId: TRACE, spanId: ofChild!.spanId },
      ],
      status: { code: 0 },
      resource: { "service.name": "s" },
    });
    expect(ofChild).toMatchObject({
      traceId: TRACE,
      parentId: ofSpan!.spanId,
      traceState: "a=1,b=2",
      kind: 4,
      facts: { text: "t", number: 3, late: 1, "error.type": "log_unavailable" },
      status: { code: 2, message: "away" },
    });
    expect(span.headers).toEqual({ traceparent: `00-${TRACE}-${ofSpan!.spanId}-01`, tracestate: "a=1,b=2" });
    expect(traces.totals).toEqual({ exported: 2, failed: 0, dropped: 0 });
    expect(receiver.requests).toMatchObject([
      { method: "POST", path: "/v1/traces", "content-type": "application/x-protobuf" },
    ]);
  });

  it("have the times that they are given", async () => {
    const { traces, receiver } = await tracesTo(1);
    const beganMs = Date.UTC(2026, 10, 22, 12, 0, 0, 5);
    traces.begin({ ...START, beganMs })!.end({ endedMs: beganMs + 7 });
    await traces.close();
    const [{ beganNanos, endedNanos } = { beganNanos: 0n, endedNanos: 0n }] = receiver.spans;
    expect([beganNanos, endedNanos - beganNanos]).toEqual([BigInt(beganMs) * 1_000_000n, 7_000_000n]);
  });

  it.each([
    ["wanted where the share is 1", 1, undefined, true],
    ["not wanted where it is 0", 0, undefined, false],
    ["what the caller has decided: wanted", 0, CALLER.traceparent, true],
    ["what the caller has decided: not wanted", 1, `00-${TRACE}-${SPAN}-00`, false],
    ["wanted for a flag that is not known yet", 0, `00-${TRACE}-${SPAN}-03`, true],
    ["wanted for a version to come, with more behind it", 0, `cc-${TRACE}-${SPAN}-01-more`, true],
  ])("are %s", (_, share, traceparent, isWanted) => {
    const { traces } = tracesAt("http://127.0.0.1:9/", share);
    const parent = traceparent === undefined ? undefined : { traceparent };
    expect(traces.begin({ ...START, parent }) !== undefined).toBe(isWanted);
  });

  it("that begin a trace are not wanted where what has led to them is not", () => {
    const { traces } = tracesAt("http://127.0.0.1:9/", 1);
    const unwanted = { traceparent: `00-${TRACE}-${SPAN}-00` };
    expect(traces.begin({ ...START, links: [CALLER, unwanted] })).toBeUndefined();
    expect(traces.begin({ ...START, links: [CALLER, { traceparent: "none" }] })).toBeDefined();
    expect(traces.begin({ ...START, parent: CALLER, links: [unwanted] })).toBeDefined();
  });

  it("that begin a trace are wanted as often as the share says", () => {
    let draws = 0;
    const { traces } = tracesAt("http://127.0.0.1:9/", 0.25, () => (draws++ % 100) / 100);
    const wanted = Array.from({ length: 1_000 }, () => traces.begin(START)).filter((span) => span !== undefined);
    expect([draws, wanted.length]).toEqual([1_000, 250]);
  });

  it.each([
    ["nothing", ""],
    ["two of them", `${CALLER.traceparent},${CALLER.traceparent}`],
    ["the version that is forbidden", `ff-${TRACE}-${SPAN}-01`],
    ["no trace", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["no span", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["capital digits", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ["more behind version 00", `${CALLER.traceparent}-01`],
    ["no hexadecimal digits", `00-${"x".repeat(32)}-${SPAN}-01`],
    ["megabytes", "0".repeat(1_000_000)],
  ])("begin traces of their own where the caller's headers say %s", (_, traceparent) => {
    const at = (share: number) =>
      tracesAt("http://127.0.0.1:9/", share).traces.begin({ ...START, parent: { traceparent } });
    expect(at(0)).toBeUndefined();
    const { headers } = at(1)!;
    expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(headers.traceparent).not.toContain(TRACE);
  });

  it("pass no tracestate on that is longer than W3C wants it passed on", () => {
    const tracestate = `a=${"x".repeat(511)}`;
    const { headers } = tracesAt("http://127.0.0.1:9/", 1).traces.begin({
      ...START,
      parent: { ...CALLER, tracestate },
    })!;
    expect(headers.tracestate ?? "").toBe("");
  });
});

describe("a collector", () => {
  it("that is away loses spans, counted and told once, and does not hold up the end", async () => {
    const { traces, told } = tracesAt(`http://127.0.0.1:${await freePort()}/v1/traces`, 1);
    for (let span = 0; span < TRACE_SPANS_WAITING_MAX + 5; span++) traces.begin(START)!.end();
    expect(traces.totals.dropped).toBe(5);
    const beganMs = performance.now();
    await traces.close();
    expect(performance.now() - beganMs).toBeLessThan(TRACE_STOP_MS_MAX + 1_000);
    traces.begin(START)!.end(); // Whoever comes late is no trouble.
    expect(traces.totals).toEqual({ exported: 0, failed: TRACE_SPANS_WAITING_MAX, dropped: 6 });
    expect(told.at(-1)).toBe("spans");
  });

  it("that hangs does not hold up the end", async () => {
    const { traces } = await tracesTo(1, () => undefined);
    traces.begin(START)!.end();
    const beganMs = performance.now();
    await traces.close();
    expect(performance.now() - beganMs).toBeLessThan(TRACE_STOP_MS_MAX + 1_000);
    expect(traces.totals).toEqual({ exported: 0, failed: 1, dropped: 0 });
  });

  it("that refuses loses spans: counted, and told once", async () => {
    const { traces, told } = await tracesTo(1, (response) => void response.writeHead(400).end());
    for (let span = 0; span < 1_500; span++) traces.begin(START)!.end();
    await traces.close();
    expect(traces.totals).toEqual({ exported: 0, failed: 1_500, dropped: 0 });
    expect(told).toEqual(["the collector takes no spans; they are dropped", "spans"]);
  });
});
