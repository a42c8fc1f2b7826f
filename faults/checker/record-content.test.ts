import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { type Content, canonicalText, contentHash, contentOf, severityForSearch } from "./record-content.ts";

const RECORD: Content = contentOf(
  create(LogRecordSchema, {
    time: { seconds: 1n, nanos: 2 },
    ...{ severity: 9, severityText: "INFO", service: "a", message: "bc", traceId: "t", spanId: "s" },
    attributes: { b: [1, { y: null, x: true }], a: "text" },
    raw: new Uint8Array([1, 2]),
    http: { clientIp: "::1", method: "GET", path: "/", status: 200, latency: { nanos: 5 }, responseBytes: 7n },
  }),
);

describe("the hash of a content", () => {
  it("is the same whatever the order of keys", () => {
    const attributes = { a: "text", b: [1, { x: true, y: null }] };
    expect(contentHash({ ...RECORD, attributes })).toBe(contentHash(RECORD));
  });

  it.each<[string, Partial<Content>]>([
    ["time", { timeNanos: 1_000_000_003n }],
    ["absence of a time", { timeNanos: undefined }],
    ["severity", { severity: 10 }],
    ["severity_text", { severityText: "info" }],
    ["service", { service: "b" }],
    ["message", { message: "bc " }],
    ["where a text ends", { service: "ab", message: "c" }],
    ["trace_id", { traceId: "" }],
    ["span_id", { spanId: "" }],
    ["a key", { attributes: { ...RECORD.attributes, c: 1 } }],
    ["a nested value", { attributes: { a: "text", b: [1, { y: null, x: false }] } }],
    ["the order of a list", { attributes: { a: "text", b: [{ y: null, x: true }, 1] } }],
    ["the type of a value", { attributes: { a: "text", b: ["1", { y: null, x: true }] } }],
    ["absence of attributes", { attributes: undefined }],
    ["empty attributes", { attributes: {} }],
    ["raw", { raw: new Uint8Array([1, 3]) }],
    ["absence of raw", { raw: undefined }],
    ["unknown fields", { unknownFields: 1 }],
    ["absence of http", { http: undefined }],
    ...Object.entries({ clientIp: "::2", method: "get", path: "/a", status: 201, userAgent: "u", referer: "r" }).map(
      ([name, value]): [string, Partial<Content>] => [`http.${name}`, { http: { ...RECORD.http!, [name]: value } }],
    ),
    ["http.latency", { http: { ...RECORD.http!, latencyNanos: undefined } }],
    ["http.response_bytes", { http: { ...RECORD.http!, responseBytes: 8n } }],
    ["http.protocol", { http: { ...RECORD.http!, protocol: "HTTP/2" } }],
  ])("tells another %s", (_name, other) => {
    expect(contentHash({ ...RECORD, ...other })).not.toBe(contentHash(RECORD));
  });

  it("tells -0 and 0, absent and empty, a key of the prototype", () => {
    const texts = [{ n: 0 }, { n: -0 }, {}, { n: null }, JSON.parse('{"__proto__": 1}'), { n: "0" }].map((attributes) =>
      canonicalText({ ...RECORD, attributes }),
    );
    expect(new Set(texts).size).toBe(texts.length);
  });
});

describe("the severity for search", () => {
  it.each([
    [9, "ERROR", 9],
    [0, "ERROR", 17],
    [0, "warn", 13],
    [0, "E", 0],
    [0, "", 0],
    [0, "constructor", 0],
    [0, "__proto__", 0],
  ])("of %i and %j is %i", (severity, severityText, expected) => {
    expect(severityForSearch({ ...RECORD, severity, severityText })).toBe(expected);
  });
});
