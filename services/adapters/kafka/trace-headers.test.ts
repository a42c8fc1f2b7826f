import { describe, expect, it } from "vitest";
import { headersWithTrace, traceOfHeaders } from "./trace-headers.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("a message's headers", () => {
  it.each([
    ["with a state", { traceparent, tracestate: "a=1" }],
    ["without one", { traceparent }],
  ])("carry a trace, %s", (_, trace) => {
    const written = [...headersWithTrace(trace)!].map(([key, value]) => [key.toString(), value]);
    expect(traceOfHeaders(Object.fromEntries(written))).toEqual(trace);
  });

  it("are none for a message that nobody follows", () => {
    expect(headersWithTrace(undefined)).toBeUndefined();
  });

  it.each([
    ["there are none", undefined],
    ["they are of others", { other: Buffer.from("x") }],
    ["a trace is given twice", { traceparent: [Buffer.from(traceparent), Buffer.from(traceparent)] }],
    ["there is a state alone", { tracestate: Buffer.from("a=1") }],
  ])("say nothing where %s", (_, headers) => {
    expect(traceOfHeaders(headers)).toBeUndefined();
  });

  it("say nothing of a state that is given twice", () => {
    const tracestate = [Buffer.from("a=1"), Buffer.from("a=2")];
    expect(traceOfHeaders({ traceparent: Buffer.from(traceparent), tracestate })).toEqual({ traceparent });
  });
});
