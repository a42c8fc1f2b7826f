import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { isRecord } from "./line-format.ts";
import { syslogLine } from "./syslog-line.ts";

const CONTEXT = { service: "given", nowMs: Date.UTC(2026, 10, 22, 12), offsetMinutes: () => 120 };

function read(text: string): JsonValue {
  const found = syslogLine.read(text, CONTEXT);
  return isRecord(found) ? toJson(LogRecordSchema, found) : { ...found };
}

describe("a message of RFC 5424", () => {
  it("is a record with everything in it", () => {
    const line =
      '<165>1 2026-11-22T10:00:00.000003+02:00 web-1 shop 71 ID47 [a@32473 b="1" c="x y"][d@1] \uFEFFan item: new';
    expect(read(line)).toEqual({
      time: "2026-11-22T08:00:00.000003Z",
      severity: "SEVERITY_INFO2",
      severityText: "notice",
      service: "shop",
      message: "an item: new",
      attributes: {
        host: "web-1",
        procid: "71",
        msgid: "ID47",
        facility: "local4",
        structured_data: { "a@32473": { b: "1", c: "x y" }, "d@1": {} },
      },
    });
  });

  it("may say next to nothing", () => {
    expect(read("<0>1 - - - - - -")).toEqual({
      severity: "SEVERITY_FATAL",
      severityText: "emerg",
      service: "given",
      attributes: { facility: "kern" },
    });
  });

  it.each([
    ["escapes", String.raw`[a b="say \"hi\" \\ [x\] \n"]`, { a: { b: String.raw`say "hi" \ [x] \n` } }],
    ["a name that comes again", '[a b="1" b="2" b="3"]', { a: { b: ["1", "2", "3"] } }],
    ["an id that comes again", '[a b="1"][a c="2"]', { a: { b: "1", c: "2" } }],
    ["empty values", '[a b=""]', { a: { b: "" } }],
    ["names that objects have anyway", '[constructor __proto__="1"]', { constructor: JSON.parse('{"__proto__":"1"}') }],
  ])("has structured data with %s", (_what, data, wanted) => {
    const record = syslogLine.read(`<13>1 - - - - - ${data} m`, CONTEXT);
    expect(isRecord(record) && [record.message, record.attributes?.structured_data]).toEqual(["m", wanted]);
  });

  it.each([
    ["<192>1 - - - - - - x", "priority", /^is 192; wanted a number from 0 to 191$/],
    ["<13>1 yesterday - - - - - x", "time", /^is "yesterday", which is no time of syslog$/],
    ["<13>1 2026-02-30T10:00:00Z - - - - - x", "time", /2026-02-30/],
    ["<13>1 - - - - - x", "structured_data", /^has "x" at character 17; wanted "-" or "\["$/],
    ['<13>1 - - - - - [a b="1" x', "structured_data", /wanted name="value" or "\]"$/],
    ['<13>1 - - - - - [a b="1', "structured_data", /wanted a value in quotes that ends$/],
    ["<13>1 - - - - - [] x", "structured_data", /wanted a name$/],
  ])("%j is none", (line, field, reason) =>
    expect(read(line)).toEqual({ field, reason: expect.stringMatching(reason) }),
  );
});

describe("a message of RFC 3164", () => {
  const T = "2026-11-22T08:00:00Z"; // 10:00 in a zone two hours ahead.

  it.each<[string, string, JsonValue]>([
    [
      "everything",
      "<34>Nov 22 10:00:00 host su[12]: failed",
      {
        time: T,
        severity: "SEVERITY_FATAL",
        severityText: "crit",
        service: "su",
        message: "failed",
        attributes: { host: "host", procid: "12", facility: "auth" },
      },
    ],
    [
      "no priority",
      "Nov 22 10:00:00 host sshd[12]: ok",
      { time: T, service: "sshd", message: "ok", attributes: { host: "host", procid: "12" } },
    ],
    [
      "no priority, and a level in the message",
      "Nov 22 10:00:00 host app: ERROR x",
      {
        time: T,
        severity: "SEVERITY_ERROR",
        severityText: "ERROR",
        service: "app",
        message: "ERROR x",
        attributes: { host: "host" },
      },
    ],
    [
      "no host",
      "<30>Nov 22 10:00:00 app[12]: x",
      {
        time: T,
        severity: "SEVERITY_INFO",
        severityText: "info",
        service: "app",
        message: "x",
        attributes: { procid: "12", facility: "daemon" },
      },
    ],
    [
      "no program",
      "Nov 22 10:00:00 host last message repeated 3 times",
      { time: T, service: "given", message: "last message repeated 3 times", attributes: { host: "host" } },
    ],
    [
      "a priority alone",
      "<11>x",
      {
        severity: "SEVERITY_ERROR",
        severityText: "err",
        service: "given",
        message: "x",
        attributes: { facility: "user" },
      },
    ],
    [
      "the kernel's",
      "Nov 22 10:00:00 host kernel: [    1.5] usb: x",
      { time: T, service: "kernel", message: "[    1.5] usb: x", attributes: { host: "host" } },
    ],
    [
      "a path as the program",
      "Nov  2 10:00:00 host /usr/sbin/cron[1]: x",
      {
        time: "2026-11-02T08:00:00Z",
        service: "/usr/sbin/cron",
        message: "x",
        attributes: { host: "host", procid: "1" },
      },
    ],
    [
      "a year",
      "Nov 22 2026 10:00:00 host app: x",
      { time: T, service: "app", message: "x", attributes: { host: "host" } },
    ],
    [
      "an address as the host",
      "<13>Nov 22 10:00:00 fe80::1 app: x",
      {
        time: T,
        severity: "SEVERITY_INFO2",
        severityText: "notice",
        service: "app",
        message: "x",
        attributes: { host: "fe80::1", facility: "user" },
      },
    ],
    [
      "rsyslog's time",
      "2026-11-22T10:00:00.123456+02:00 host app[1]: x",
      { time: "2026-11-22T08:00:00.123456Z", service: "app", message: "x", attributes: { host: "host", procid: "1" } },
    ],
    [
      "journalctl's time",
      "2026-11-22T10:00:00+0200 host systemd[1]: Started x.",
      { time: T, service: "systemd", message: "Started x.", attributes: { host: "host", procid: "1" } },
    ],
    ["no message", "Nov 22 10:00:00 host app:", { time: T, service: "app", attributes: { host: "host" } }],
    [
      "lines behind it",
      "Nov 22 10:00:00 host app: x\n  y\nz\n",
      { time: T, service: "app", message: "x\n  y\nz", attributes: { host: "host" } },
    ],
    [
      "messages of the same process",
      "Nov 22 10:00:00 host app[1]: x\nNov 22 10:00:00 host app[1]: \ty",
      { time: T, service: "app", message: "x\n\ty", attributes: { host: "host", procid: "1" } },
    ],
  ])("with %s", (_what, line, record) => {
    expect(read(line)).toEqual(record);
    expect(syslogLine.beginsRecord(line)).toBe(true);
  });

  it.each([
    ["text", "hello: world", "line"],
    ["nothing", "", "line"],
    ["a day that is none", "Feb 30 10:00:00 host app: x", "time"],
    ["a priority that is none", "<999>x", "priority"],
    ["a line of a log with levels", "2026-11-22T10:00:00.123Z INFO main: hello", "line"],
    ["a line with a time", "2026-11-22T10:00:00Z hello", "line"],
    ["a line with a time and a word", "2026-11-22T10:00:00Z hello world", "line"],
    ["dpkg's", "2026-11-22 10:00:00 status installed bash:amd64", "line"],
    ["java.util.logging's", "Nov 22, 2026 10:00:00 AM shop.Orders take", "line"],
  ])("is not %s", (_what, line, field) => {
    expect(read(line)).toEqual({ field, reason: expect.any(String) });
  });
});
