import { describe, expect, it } from "vitest";
import { jsonLine } from "./json-line.ts";
import { CONTEXT, readAsJson } from "./lines.fixture.ts";

const json = (value: unknown) => readAsJson(jsonLine, typeof value === "string" ? value : JSON.stringify(value));

describe("JSON as loggers write it", () => {
  it.each([
    [
      "pino",
      '{"level":30,"time":1773000000123,"pid":7,"hostname":"h1","name":"shop","msg":"hello","cart":{"items":3}}',
      {
        time: "2026-03-08T20:00:00.123Z",
        severity: "SEVERITY_INFO",
        severityText: "info",
        service: "shop",
        message: "hello",
        attributes: { pid: 7, hostname: "h1", cart: { items: 3 } },
      },
    ],
    [
      "pino with an error",
      '{"level":50,"time":1773000000123,"err":{"type":"TypeError","message":"x","stack":"TypeError: x\\n    at a.js:1"},"msg":"x"}',
      {
        time: "2026-03-08T20:00:00.123Z",
        severity: "SEVERITY_ERROR",
        severityText: "error",
        service: "given",
        message: "x",
        attributes: { err: { type: "TypeError", message: "x", stack: "TypeError: x\n    at a.js:1" } },
      },
    ],
    [
      "bunyan with a level of its own",
      '{"name":"auth","hostname":"h1","pid":7,"level":35,"msg":"hi","time":"2026-01-04T18:46:23.851Z","v":0}',
      {
        time: "2026-01-04T18:46:23.851Z",
        severity: "SEVERITY_INFO",
        severityText: "35",
        service: "auth",
        message: "hi",
        attributes: { hostname: "h1", pid: 7, v: 0 },
      },
    ],
    [
      "winston",
      '{"level":"warn","message":"slow","service":"user-service","timestamp":"2026-01-04 18:46:23"}',
      {
        time: "2026-01-04T17:46:23Z",
        severity: "SEVERITY_WARN",
        severityText: "warn",
        service: "user-service",
        message: "slow",
      },
    ],
    [
      "zap, with seconds and a fraction",
      '{"level":"info","ts":1773000000.5241024,"logger":"a.b","caller":"x/y.go:12","msg":"m","name":"n"}',
      {
        time: "2026-03-08T20:00:00.524102400Z",
        severity: "SEVERITY_INFO",
        severityText: "info",
        service: "given",
        message: "m",
        attributes: { logger: "a.b", caller: "x/y.go:12", name: "n" },
      },
    ],
    [
      "slog",
      '{"time":"2026-11-08T15:28:26.000000001-05:00","level":"INFO+2","msg":"m","source":{"line":3}}',
      {
        time: "2026-11-08T20:28:26.000000001Z",
        severity: "SEVERITY_INFO3",
        severityText: "INFO+2",
        service: "given",
        message: "m",
        attributes: { source: { line: 3 } },
      },
    ],
    [
      "structlog",
      '{"event":"user logged in","level":"critical","timestamp":"2026-01-04T18:46:23.851000Z","user":5}',
      {
        time: "2026-01-04T18:46:23.851Z",
        severity: "SEVERITY_FATAL",
        severityText: "critical",
        service: "given",
        message: "user logged in",
        attributes: { user: 5 },
      },
    ],
    [
      "python-json-logger",
      '{"asctime":"2026-01-04 18:46:23,851","levelname":"WARNING","name":"root","message":"m"}',
      {
        time: "2026-01-04T17:46:23.851Z",
        severity: "SEVERITY_WARN",
        severityText: "WARNING",
        service: "given",
        message: "m",
        attributes: { name: "root" },
      },
    ],
    [
      "Monolog",
      '{"message":"m","context":{},"level":400,"level_name":"ERROR","channel":"app","datetime":"2026-01-04T18:46:23.5+00:00"}',
      {
        time: "2026-01-04T18:46:23.500Z",
        severity: "SEVERITY_ERROR",
        severityText: "ERROR",
        service: "given",
        message: "m",
        attributes: { context: {}, level: 400, channel: "app" },
      },
    ],
    [
      "logstash",
      '{"@timestamp":"2026-11-03T10:15:30.123+02:00","@version":"1","message":"m","logger_name":"a.B","level":"ERROR",' +
        '"level_value":40000,"stack_trace":"java.lang.X: y\\n\\tat a.B.c(B.java:1)"}',
      {
        time: "2026-11-03T08:15:30.123Z",
        severity: "SEVERITY_ERROR",
        severityText: "ERROR",
        service: "given",
        message: "m",
        attributes: {
          "@version": "1",
          logger_name: "a.B",
          level_value: 40000,
          stack_trace: "java.lang.X: y\n\tat a.B.c(B.java:1)",
        },
      },
    ],
    [
      "Elasticsearch: ECS with dots",
      '{"@timestamp":"2026-11-21T10:42:07.298Z","log.level":"WARN","message":"m","ecs.version":"1.2.0",' +
        '"service.name":"ES_ECS","trace.id":"4bf92f3577b34da6a3ce929d0e0e4736","error.stack_trace":"a\\n\\tat b"}',
      {
        time: "2026-11-21T10:42:07.298Z",
        severity: "SEVERITY_WARN",
        severityText: "WARN",
        service: "ES_ECS",
        message: "m",
        traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
        attributes: { "ecs.version": "1.2.0", "error.stack_trace": "a\n\tat b" },
      },
    ],
    [
      "ECS, nested, of a request",
      {
        "@timestamp": "2026-11-21T10:42:07.298Z",
        log: { level: "info", logger: "http" },
        service: { name: "web", version: "1.2" },
        trace: { id: "4bf92f3577b34da6a3ce929d0e0e4736" },
        span: { id: "00f067aa0ba902b7" },
        http: {
          version: "1.1",
          request: { method: "GET", referrer: "http://r/", id: "q" },
          response: { status_code: 404, body: { bytes: 12 } },
        },
        url: { path: "/cart", query: "a=b", domain: "shop" },
        client: { ip: "10.0.0.1", port: 5 },
        user_agent: { original: "curl/8" },
        event: { duration: 1_500_000 },
        message: "GET /cart",
      },
      {
        time: "2026-11-21T10:42:07.298Z",
        severity: "SEVERITY_INFO",
        severityText: "info",
        service: "web",
        message: "GET /cart",
        traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
        spanId: "00f067aa0ba902b7",
        http: {
          clientIp: "10.0.0.1",
          method: "GET",
          path: "/cart?a=b",
          status: 404,
          latency: "0.001500s",
          responseBytes: "12",
          userAgent: "curl/8",
          referer: "http://r/",
          protocol: "HTTP/1.1",
        },
        attributes: {
          log: { logger: "http" },
          service: { version: "1.2" },
          http: { request: { id: "q" } },
          url: { domain: "shop" },
          client: { port: 5 },
        },
      },
    ],
    [
      "pino-http",
      {
        level: 30,
        time: 1_773_000_000_123,
        req: {
          id: 1,
          method: "GET",
          url: "/a?b",
          headers: { "user-agent": "curl/8", host: "h" },
          remoteAddress: "::1",
        },
        res: { statusCode: 500, headers: { "content-length": "17" } },
        responseTime: 12.5,
        msg: "request errored",
      },
      {
        time: "2026-03-08T20:00:00.123Z",
        severity: "SEVERITY_INFO",
        severityText: "info",
        service: "given",
        message: "request errored",
        http: {
          clientIp: "::1",
          method: "GET",
          path: "/a?b",
          status: 500,
          latency: "0.012500s",
          responseBytes: "17",
          userAgent: "curl/8",
        },
        attributes: { req: { id: 1, headers: { host: "h" } } },
      },
    ],
    [
      "OpenTelemetry's data model",
      {
        timestamp: "2026-11-21T10:42:07.298000Z",
        observed_timestamp: "2026-11-21T10:42:08Z",
        severity_text: "Information",
        severity_number: 10,
        body: "m",
        trace_id: "0x4bf92f3577b34da6a3ce929d0e0e4736",
        span_id: "00f067aa0ba902b7",
        resource: { attributes: { "service.name": "web", "host.name": "h" } },
      },
      {
        time: "2026-11-21T10:42:07.298Z",
        severity: "SEVERITY_INFO2",
        severityText: "Information",
        service: "web",
        message: "m",
        spanId: "00f067aa0ba902b7",
        attributes: {
          observed_timestamp: "2026-11-21T10:42:08Z",
          trace_id: "0x4bf92f3577b34da6a3ce929d0e0e4736",
          resource: { attributes: { "host.name": "h" } },
        },
      },
    ],
    [
      "log4j",
      '{"instant":{"epochSecond":1773000000,"nanoOfSecond":118000000},"thread":"main","level":"FATAL","message":"m"}',
      {
        time: "2026-03-08T20:00:00.118Z",
        severity: "SEVERITY_FATAL",
        severityText: "FATAL",
        service: "given",
        message: "m",
        attributes: { thread: "main" },
      },
    ],
    [
      "Serilog",
      '{"@t":"2026-03-08T20:00:00.1234567Z","@m":"Hello, you","@l":"Warning","@x":"System.Exception: x\\r\\n   at A.B()"}',
      {
        time: "2026-03-08T20:00:00.123456700Z",
        severity: "SEVERITY_WARN",
        severityText: "Warning",
        service: "given",
        message: "Hello, you",
        attributes: { "@x": "System.Exception: x\r\n   at A.B()" },
      },
    ],
    [
      "MongoDB",
      '{"t":{"$date":"2026-05-01T15:16:17.180+00:00"},"s":"D2","c":"NETWORK","id":12345,"ctx":"listener","msg":"Listening"}',
      {
        time: "2026-05-01T15:16:17.180Z",
        severity: "SEVERITY_DEBUG",
        severityText: "D2",
        service: "given",
        message: "Listening",
        attributes: { c: "NETWORK", id: 12345, ctx: "listener" },
      },
    ],
    [
      "journald",
      '{"__REALTIME_TIMESTAMP":"1773000000123456","PRIORITY":"4","SYSLOG_IDENTIFIER":"sshd","MESSAGE":"m","_PID":"1"}',
      {
        time: "2026-03-08T20:00:00.123456Z",
        severity: "SEVERITY_WARN",
        severityText: "warning",
        service: "sshd",
        message: "m",
        attributes: { _PID: "1" },
      },
    ],
    [
      "GELF",
      '{"version":"1.1","host":"h","short_message":"m","full_message":"m\\nmore","timestamp":1773000000.25,"level":1}',
      {
        time: "2026-03-08T20:00:00.250Z",
        severity: "SEVERITY_FATAL",
        severityText: "alert",
        service: "given",
        message: "m",
        attributes: { version: "1.1", host: "h", full_message: "m\nmore" },
      },
    ],
  ])("%s", (_name, line, expected) => expect(json(line)).toEqual(expected));

  it("the Envoy of this repository", () => {
    const entry = {
      time: "2026-11-21T10:42:07.298Z",
      client: "10.0.0.9",
      protocol: "HTTP/2",
      method: "POST",
      path: "/logpulse.v1.IngestService/Write",
      route: "grpc",
      status: 200,
      grpc_status: null,
      flags: null,
      upstream: "127.0.0.1:9001",
      bytes_in: 154,
      bytes_out: 7,
      duration_ms: 26,
      user_agent: "grpc-node-js/1.14",
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    };
    expect(json(entry)).toEqual({
      time: "2026-11-21T10:42:07.298Z",
      severity: "SEVERITY_INFO",
      service: "given",
      message: JSON.stringify(entry),
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      spanId: "00f067aa0ba902b7",
      http: {
        clientIp: "10.0.0.9",
        method: "POST",
        path: "/logpulse.v1.IngestService/Write",
        status: 200,
        latency: "0.026s",
        responseBytes: "7",
        userAgent: "grpc-node-js/1.14",
        protocol: "HTTP/2",
      },
      attributes: {
        route: "grpc",
        grpc_status: null,
        flags: null,
        upstream: "127.0.0.1:9001",
        bytes_in: 154,
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      },
    });
  });
});

describe("what is under a usual name and is something else", () => {
  it.each([
    ["a time that is none", { time: "yesterday", msg: "m" }],
    ["a time of a race", { time: 12.5, t: 0.25, msg: "m" }],
    ["a time after 2262", { time: "2300-01-01T00:00:00Z", msg: "m" }],
    ["a day as a number", { date: 202_611_211_300, msg: "m" }],
    ["a moment with more in it", { instant: { epochSecond: 1_773_000_000, nanoOfSecond: 1, zone: "x" }, msg: "m" }],
    ["a level of syslog that may be anything", { level: 3, msg: "m" }],
    ["a level of a game", { level: 120, msg: "m" }],
    ["a level that is long", { level: "l".repeat(65), msg: "m" }],
    ["a level in parts", { level: { name: "INFO" }, msg: "m" }],
    ["a severity number outside of OpenTelemetry's", { severity_number: 25, msg: "m" }],
    ["a name that may be a logger's", { name: "root", msg: "m" }],
    ["a logger", { logger: "a.b", msg: "m" }],
    ["a service that is long", { service: "s".repeat(257), msg: "m" }],
    ["a trace id of another kind", { trace_id: "123", traceId: "0".repeat(32), span_id: "ABCDEF0123456789", msg: "m" }],
    ["a trace parent of zeros", { traceparent: `00-${"0".repeat(32)}-${"0".repeat(16)}-00`, msg: "m" }],
    ["a second message", { event: "e", body: { a: 1 }, log: "l", msg: "m" }],
    ["a status of an order", { method: "card", status: 200, path: "/pay", msg: "m" }],
    ["a path of a file", { method: "GET", status: 200, path: "C:\\a", msg: "m" }],
    ["a status that is no number of HTTP", { method: "GET", status: 7, path: "/", msg: "m" }],
    ["a request without an answer", { req: { method: "GET", url: "/" }, msg: "m" }],
    ["an answer without a request", { http: { response: { status_code: 200 } }, msg: "m" }],
    ["nothing", { msg: "m" }],
  ])("%s stays an attribute", (_name, { msg, ...others }) => {
    const attributes = Object.keys(others).length > 0 ? others : undefined;
    expect(json({ ...others, msg })).toEqual({ service: "given", message: "m", ...(attributes ? { attributes } : {}) });
  });

  it("is the line where no message is there", () => {
    const line = '{"a": 1, "msg": ""}';
    expect(json(line)).toEqual({ service: "given", message: line, attributes: { a: 1, msg: "" } });
  });

  it.each([
    ["100", { severity: undefined, severityText: "100" }],
    ["http", { severity: "SEVERITY_DEBUG4", severityText: "http" }],
    ["silly", { severity: "SEVERITY_TRACE", severityText: "silly" }],
    ["DEBUG-8", { severity: "SEVERITY_TRACE", severityText: "DEBUG-8" }],
    ["E", { severity: "SEVERITY_ERROR", severityText: "E" }],
    ["40", { severity: "SEVERITY_WARN", severityText: "warn" }],
    ["my own", { severity: undefined, severityText: "my own" }],
  ])("a level %j is a level all the same", (level, expected) => {
    const { severity, severityText } = json({ level, msg: "m" });
    expect({ severity, severityText }).toEqual(expected);
  });
});

describe("what a record cannot hold as it is", () => {
  it("numbers beyond a double come as their digits", () => {
    const line =
      '{"id":1234567890123456789,"small":12,"huge":1e400,"less":-9007199254740993,"part":0.1234567890123456789}';
    expect(json(line).attributes).toEqual({
      id: "1234567890123456789",
      small: 12,
      huge: "1e400",
      less: "-9007199254740993",
      part: 0.12345678901234568,
    });
  });

  it("a time in nanoseconds is read to the last digit", () =>
    expect(json('{"ts":1773000000123456789,"msg":"m"}').time).toBe("2026-03-08T20:00:00.123456789Z"));

  it("of 70 keys the last ones are one attribute, in JSON", () => {
    const keys = Array.from({ length: 70 }, (_, i): [string, number] => [`k${i}`, i]);
    const { attributes } = json(Object.fromEntries([["more_fields", "mine"], ...keys, ["msg", "m"]]));
    expect(Object.keys(attributes)).toHaveLength(64);
    const { more_fields, ...kept } = attributes;
    expect({ ...kept, ...JSON.parse(more_fields) }).toEqual({ ...Object.fromEntries(keys), more_fields: "mine" });
  });

  it("64 keys are kept as they are", () => {
    const keys = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, i]));
    expect(json({ ...keys, msg: "m" }).attributes).toEqual(keys);
  });

  it("what is nine levels deep is its JSON text", () => {
    const deep = { b: { c: { d: { e: { f: { g: { h: [1, { i: 2 }] } } } } } } };
    expect(json({ a: deep, msg: "m" }).attributes).toEqual({
      a: { b: { c: { d: { e: { f: { g: { h: '[1,{"i":2}]' } } } } } } },
    });
  });

  it("keys that mean something to JavaScript are keys", () => {
    const { attributes } = json('{"msg":"m","__proto__":{"x":1},"constructor":2}');
    expect(Object.entries(attributes)).toEqual([
      ["__proto__", { x: 1 }],
      ["constructor", 2],
    ]);
  });

  it("half a surrogate pair is U+FFFD", () =>
    expect(json('{"msg":"a\\ud800","k\\udc00":"\\ud800"}')).toMatchObject({
      message: "a\ufffd",
      attributes: { "k\ufffd": "\ufffd" },
    }));
});

describe("several lines", () => {
  it("may be one object", () =>
    expect(json('{\n  "msg": "m",\n  "a": 1\n}\n')).toMatchObject({ message: "m", attributes: { a: 1 } }));

  it("follow the message where the object ends before them", () =>
    expect(json('{"msg":"m"}\r\n    at a.js:1\n    at b.js:2\n')).toMatchObject({
      message: "m\n    at a.js:1\n    at b.js:2",
    }));

  it.each([
    ['{"a":1}', true],
    ['  "a": 1', false],
    ["    at a.js:1", false],
  ])("%j begins a record: %s", (line, begins) => expect(jsonLine.beginsRecord(line)).toBe(begins));
});

it.each([
  ["", /begins with ""; wanted \{/],
  ["[1]", /begins with "\[1\]"/],
  ['"a"', /wanted \{/],
  ["null", /wanted \{/],
  ['{"a":}', /is no JSON/],
  ['{"a":1} x', /is no JSON/],
  [`{"a":${"[".repeat(200)}${"]".repeat(200)}}`, /nests deeper than 100 levels/],
  [`{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`, /nests deeper than 100 levels/],
])("%.30j is none", (line, reason) =>
  expect(readAsJson(jsonLine, line, CONTEXT)).toEqual({ field: "line", reason: expect.stringMatching(reason) }),
);
