import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema, Severity } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { isRecord } from "./line-format.ts";
import { textLine } from "./text-line.ts";

const CONTEXT = { service: "shop", nowMs: Date.UTC(2026, 10, 22, 12), offsetMinutes: () => 0 };

function read(text: string) {
  const record = textLine.read(text, CONTEXT);
  if (!isRecord(record)) throw new Error(record.reason);
  return record;
}

/** What a line is read as, beside its message: the time of day in UTC, severity and its text, attributes. */
function headOf(text: string) {
  const { time, severity, severityText, attributes } = read(text);
  const clock = time && new Date(Number(time.seconds) * 1_000).toISOString().slice(11, 19);
  return [clock, nameOf(severity), severityText, attributes ?? {}];
}

function nameOf(severity: Severity): string | undefined {
  return Object.entries(Severity).find(([, number]) => number === severity)?.[0];
}

describe("a line of plain text", () => {
  it("is a record with the whole line as its message", () => {
    const line = "2026-11-22 10:00:00,123 WARN  [worker-1] org.example.Store: slow";
    expect(toJson(LogRecordSchema, read(line))).toEqual({
      time: "2026-11-22T10:00:00.123Z",
      severity: "SEVERITY_WARN",
      severityText: "WARN",
      service: "shop",
      message: line,
      attributes: { thread: "worker-1", logger: "org.example.Store" },
    });
  });

  const T = "2026-11-22 10:00:00";
  it.each<[string, string, unknown[]]>([
    [
      "Kafka",
      `[${T},123] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)`,
      ["INFO", "INFO", { logger: "kafka.server.KafkaServer" }],
    ],
    ["Kafka here", "[2026-11-22T10:00:00,123] ERROR Manager: [Q id=1] x", ["ERROR", "ERROR", {}]],
    [
      "Elasticsearch",
      "[2026-11-22T10:00:00,123][WARN ][o.e.n.Node         ] [node-1] x",
      ["WARN", "WARN", { logger: "o.e.n.Node" }],
    ],
    ["MariaDB", "2026-11-22 10:00:00 0 [Note] InnoDB: x", ["INFO", "Note", { thread: "0" }]],
    ["MySQL", "2026-11-22T10:00:00.123456Z 8 [Warning] [MY-010068] [Server] x", ["WARN", "Warning", { thread: "8" }]],
    ["old MySQL", "261122 10:00:00 [ERROR] x", ["ERROR", "ERROR", {}]],
    ["Redis", "1234:M 22 Nov 2026 10:00:00.123 * Ready", ["INFO2", "*", { pid: 1234, role: "M" }]],
    ["Redis, a warning", "9:C 22 Nov 2026 10:00:00.123 # WARNING x", ["WARN", "#", { pid: 9, role: "C" }]],
    [
      "Envoy",
      `[${T}.123][12][info][main] [source/server/server.cc:1] x`,
      ["INFO", "info", { thread: "12", logger: "main" }],
    ],
    ["nginx", "2026/11/22 10:00:00 [error] 12#34: *1 open() failed", ["ERROR", "error", { pid: 12, thread: "34" }]],
    [
      "Apache",
      "[Sun Nov 22 10:00:00.123456 2026] [core:error] [pid 12:tid 34] [client ::1] x",
      ["ERROR", "error", { logger: "core", pid: 12, thread: "34" }],
    ],
    ["old Apache", "[Sun Nov 22 10:00:00 2026] [notice] x", ["INFO2", "notice", {}]],
    ["PostgreSQL", `${T}.123 UTC [12] LOG:  ready`, ["INFO", "LOG", { pid: 12 }]],
    ["PostgreSQL with a user", `${T}.123 CET [12] bob@shop ERROR:  no such table`, ["ERROR", "ERROR", { pid: 12 }]],
    [
      "Spring Boot",
      "2026-11-22T10:00:00.123Z  INFO 12 --- [shop] [           main] c.e.App     : x",
      ["INFO", "INFO", { pid: 12, thread: "main", logger: "c.e.App" }],
    ],
    [
      "logback",
      `${T}.123 [main] DEBUG org.example.App - x`,
      ["DEBUG", "DEBUG", { thread: "main", logger: "org.example.App" }],
    ],
    [
      "Tomcat",
      "22-Nov-2026 10:00:00.123 SEVERE [main] org.apache.Start.x y",
      ["ERROR", "SEVERE", { thread: "main", logger: "org.apache.Start.x" }],
    ],
    ["java.util.logging", "Nov 22, 2026 10:00:00 AM shop.Orders take\nWARNING: low", ["WARN", "WARNING", {}]],
    ["Python", `${T},123 - shop.orders - WARNING - low`, ["WARN", "WARNING", { logger: "shop.orders" }]],
    ["Python, another", `${T},123 WARNING shop.orders: low`, ["WARN", "WARNING", {}]],
    ["Go's log", "2026/11/22 10:00:00.123456 listening", ["UNSPECIFIED", "", {}]],
    ["klog", "W1122 10:00:00.123456      12 main.go:34] x", ["WARN", "W", { thread: "12", source: "main.go:34" }]],
    ["zap", "2026-11-22T10:00:00.123Z\tinfo\tserver/main.go:34\tx", ["INFO", "info", {}]],
    ["env_logger", "[2026-11-22T10:00:00Z WARN  shop::orders] x", ["WARN", "WARN", { logger: "shop::orders" }]],
    ["tracing", "2026-11-22T10:00:00.123456Z  INFO shop::orders: x", ["INFO", "INFO", { logger: "shop::orders" }]],
    ["tracing with colours", "\u001b[2m2026-11-22T10:00:00Z\u001b[0m \u001b[33m WARN\u001b[0m x", ["WARN", "WARN", {}]],
    ["Ruby", "W, [2026-11-22T10:00:00.123456 #12]  WARN -- : x", ["WARN", "W", { pid: 12 }]],
    ["Tornado", `[E 2026-11-22 10:00:00.123 web:12] x`, ["ERROR", "E", {}]],
    ["dpkg", `${T} status installed bash:amd64 5.2`, ["UNSPECIFIED", "", {}]],
    ["update-alternatives", `update-alternatives ${T}: run with --quiet`, ["UNSPECIFIED", "", {}]],
    ["docker compose", `web-1  | ${T} ERROR x`, ["ERROR", "ERROR", {}]],
    ["a level before the time", `ERROR ${T} x`, ["ERROR", "ERROR", {}]],
    ["a level in brackets before it", `[error] - ${T} x`, ["ERROR", "error", {}]],
    ["a thread before it", `[main] ${T} ERROR x`, ["ERROR", "ERROR", {}]],
    ["a process before it", `1234 ${T} [ERROR] x`, ["ERROR", "ERROR", {}]],
    ["parts before the level", `${T} [a] (b) 12 [error] x`, ["ERROR", "error", {}]],
    ["a small word behind the time", `${T} warn x`, ["WARN", "warn", {}]],
    ["syslog's number behind the time", `${T} <3>x`, ["ERROR", "err", {}]],
  ])("%s", (_who, line, [severity, text, attributes]) => {
    expect(headOf(line)).toEqual(["10:00:00", severity, text, attributes]);
    expect(read(line).message).toBe(line);
  });

  it.each<[string, unknown[]]>([
    ["hello", [undefined, "UNSPECIFIED", "", {}]],
    ["Error: no such file", [undefined, "ERROR", "Error", {}]],
    ["WARNING:root.sub:x", [undefined, "WARN", "WARNING", { logger: "root.sub" }]],
    ["<4>x", [undefined, "WARN", "warning", {}]],
    ["Errors happen at 2026-11-22 10:00:00", [undefined, "UNSPECIFIED", "", {}]],
    ["2026-13-22 10:00:00 ERROR x", [undefined, "UNSPECIFIED", "", {}]],
    ["   ", [undefined, "UNSPECIFIED", "", {}]],
    ['Exception in thread "main" java.lang.Error: x\n\tat A.b(A.java:1)', [undefined, "ERROR", "", {}]],
    ['Traceback (most recent call last):\n  File "a.py", line 1, in b\nValueError: x', [undefined, "ERROR", "", {}]],
    ["panic: x\n\ngoroutine 1 [running]:", [undefined, "FATAL", "panic", {}]],
    ["fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select]:", [undefined, "ERROR", "", {}]],
    ["java.lang.Error: x\n\tat A.b(A.java:1)", [undefined, "ERROR", "", {}]],
    ["java.lang.Error: x\nno frame", [undefined, "UNSPECIFIED", "", {}]],
    ["file:///a.mjs:1\nx\n^\n\nodd\n    at a.mjs:1:1", [undefined, "ERROR", "", {}]],
  ])("%j without a time", (line, head) => expect(headOf(line)).toEqual(head));

  it("is as it was written, without line breaks at its end", () => {
    expect(read("a\tb  \r\n\n").message).toBe("a\tb  ");
    expect(read("a\n\nb").message).toBe("a\n\nb");
    expect(read("half a \ud800 pair").message).toBe("half a \ufffd pair");
  });

  it("is no record where it is empty", () => {
    for (const text of ["", "\n", "\r\n\r\n"])
      expect(textLine.read(text, CONTEXT)).toEqual({ field: "line", reason: "is empty" });
  });

  it.each([
    ["a line of text", "hello", true],
    ["a time", "2026-11-22 10:00:00 x", true],
    ["an indented line", "  x", false],
    ["an empty line", "", false],
    ["a carriage return alone", "\r", false],
    ["a cause", "Caused by: java.lang.Error: x", false],
    ["what Java left out", "... 12 more", false],
    ["a frame whose indentation was cut off", "at org.example.App.main(App.java:12)", false],
    ["a sentence", "at noon (or so)", true],
    ["the end of brackets", "]}", false],
    ["a bracket with more behind it", "] x", true],
    ["Node's advice", "(Use `node --trace-warnings ...` to show where the warning was created)", false],
  ])("%s begins a record: %s", (_what, line, begins) => expect(textLine.beginsRecord(line)).toBe(begins));
});
