import { describe, expect, it } from "vitest";
import { readAsJson } from "./lines.fixture.ts";
import { logfmtLine } from "./logfmt-line.ts";

const json = (line: string) => readAsJson(logfmtLine, line);

describe("logfmt", () => {
  it.each([
    [
      "go-kit",
      'ts=2026-11-21T10:42:07.298Z caller=main.go:12 level=info msg="Starting \\"x\\"" version= n=3',
      {
        time: "2026-11-21T10:42:07.298Z",
        severity: "SEVERITY_INFO",
        severityText: "info",
        service: "given",
        message: 'Starting "x"',
        attributes: { caller: "main.go:12", version: "", n: "3" },
      },
    ],
    [
      "logrus",
      'time="2026-11-21T10:42:07+01:00" level=warning msg="a\\nb\\tc\\u00e9\\\\n" ok',
      {
        time: "2026-11-21T09:42:07Z",
        severity: "SEVERITY_WARN",
        severityText: "warning",
        service: "given",
        message: "a\nb\tcé\\n",
        attributes: { ok: true },
      },
    ],
    [
      "Grafana, with a service and a trace",
      "logger=context traceID=x t=2026-11-21T10:42:07.29Z lvl=eror service=web trace_id=4bf92f3577b34da6a3ce929d0e0e4736 msg=done",
      {
        time: "2026-11-21T10:42:07.290Z",
        severityText: "eror",
        service: "web",
        message: "done",
        traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
        attributes: { logger: "context", traceID: "x" },
      },
    ],
    [
      "a request",
      "level=info method=GET path=/a?b status=404 duration_ms=1.5 bytes_out=12 msg=request",
      {
        severity: "SEVERITY_INFO",
        severityText: "info",
        service: "given",
        message: "request",
        http: { method: "GET", path: "/a?b", status: 404, latency: "0.001500s", responseBytes: "12" },
      },
    ],
    [
      "a key that comes again",
      "level=info a=1 a=2 msg=m a=3",
      {
        severity: "SEVERITY_INFO",
        severityText: "info",
        service: "given",
        message: "m",
        attributes: { a: ["1", "2", "3"] },
      },
    ],
    [
      "no message",
      "level=info  __proto__=1 ",
      {
        severity: "SEVERITY_INFO",
        severityText: "info",
        service: "given",
        message: "level=info  __proto__=1 ",
        attributes: JSON.parse('{"__proto__":"1"}'),
      },
    ],
  ])("%s", (_name, line, expected) => expect(json(line)).toEqual(expected));

  it("keeps the lines behind it in its message", () =>
    expect(json("level=error msg=boom\n\tat a.go:1")).toMatchObject({ message: "boom\n\tat a.go:1" }));

  it.each([
    ["", /has 0 of key=value; wanted 2/],
    ["msg=alone", /has 1 of key=value/],
    ["Set level=3 and msg=x", /begins with "Set"/],
    ["2026-11-21T10:42:07Z level=info msg=x", /begins with "2026-11-21T10:42:07Z"/],
    ["a=1 b=2", /no key for a time, a level or a message/],
    ["level=info msg=hello to all of you", /4 words without a value, and 2/],
    ['level=info msg="does not end', /value that does not end, from 15 on/],
    ["level=info =x", /has = where a key should be, at 11/],
    ['level=info a=b"c"', /has " where a key should be/],
  ])("%j is none", (line, reason) =>
    expect(json(line)).toEqual({ field: "line", reason: expect.stringMatching(reason) }),
  );
});
