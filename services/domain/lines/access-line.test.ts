import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { accessLine, parseAccessLine } from "./access-line.ts";
import { readAsJson } from "./lines.fixture.ts";

describe("an access line", () => {
  it("is a record with everything in it", () => {
    const record = parseAccessLine("2026-11-21T13:00:00.5+01:00 10.1.2.3 GET /a?b=1 404 12ms\n");
    expect("reason" in record ? record : toJson(LogRecordSchema, record)).toEqual({
      time: "2026-11-21T12:00:00.500Z",
      severity: "SEVERITY_WARN",
      message: "2026-11-21T13:00:00.5+01:00 10.1.2.3 GET /a?b=1 404 12ms",
      http: { clientIp: "10.1.2.3", method: "GET", path: "/a?b=1", status: 404, latency: "0.012s" },
    });
  });

  it.each([
    ["", "line", /1 fields; wanted 6/],
    ["a b c", "line", /3 fields/],
    ["2026-11-21T13:00:00Z 10.1.2.3 GET /a b 404 12ms", "line", /7 fields/],
    ["yesterday 10.1.2.3 GET / 200 1ms", "time", /"yesterday"; wanted an RFC 3339/],
    ["2026-11-21T13:00:00Z  GET / 200 1ms", "http.client_ip", /wanted an address/],
    ["2026-11-21T13:00:00Z 1.1.1.1 GET / 2000 1ms", "http.status", /"2000"; wanted a number from 0 to 999/],
    ["2026-11-21T13:00:00Z 1.1.1.1 GET / -1 1ms", "http.status", /"-1"/],
    ["2026-11-21T13:00:00Z 1.1.1.1 GET / 200 1s", "http.latency", /"1s"; wanted milliseconds/],
    ["2026-11-21T13:00:00Z 1.1.1.1 GET / 200 ms", "http.latency", /"ms"/],
    [`2026-11-21T13:00:00Z 1.1.1.1 GET /${"x".repeat(65_536)} 200 1ms`, "line", /the limit is 65536/],
  ])("%j says what is wrong", (line, field, reason) =>
    expect(parseAccessLine(line)).toEqual({ field, reason: expect.stringMatching(reason) }),
  );

  it("as a format has the given service, and the lines behind it in its message", () => {
    const line = "2026-11-21T13:00:00Z 1.1.1.1 GET / 500 1.5ms";
    const expected = { severity: "SEVERITY_ERROR", service: "given", http: { latency: "0.001500s" } };
    expect(readAsJson(accessLine, `${line}\r\n`)).toMatchObject({ ...expected, message: line });
    expect(readAsJson(accessLine, `${line}\n\tat a\n`)).toMatchObject({ ...expected, message: `${line}\n\tat a` });
    expect(readAsJson(accessLine, "a\nb")).toMatchObject({ field: "line" });
  });
});
