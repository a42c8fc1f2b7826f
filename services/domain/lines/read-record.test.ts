import { describe, expect, it } from "vitest";
import { Severity } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { timestampToNanos } from "../record-time.ts";
import { lineFormat } from "./line-formats.ts";
import { CONTEXT } from "./lines.fixture.ts";
import { readRecord } from "./read-record.ts";

const COMBINED_HEAD = '1.1.1.1 - - [17/May/2015:10:05:03 +0200] "GET /';

describe("a record that the contract would reject", () => {
  it.each([
    [
      "access",
      `2026-11-21T13:00:00Z 1.1.1.1 GET /${"p".repeat(8_191)} 200 1ms`,
      "http.path",
      "is 8192 bytes long; the limit is 8191",
    ],
    [
      "access",
      `2026-11-21T13:00:00Z 1.1.1.1 ${"G".repeat(65)} / 200 1ms`,
      "http.method",
      "is 65 bytes long; the limit is 64",
    ],
    [
      "access",
      "2026-11-21T13:00:00Z 1.1.1.1 GET / 200 9999999999ms",
      "http.latency",
      "is 9999999; it must be from 0 to 2147483",
    ],
    ["access", "1969-11-21T13:00:00Z 1.1.1.1 GET / 200 1ms", "time", "is not from 1970 to 2262-04-11"],
    ["access", "2262-04-11T23:47:17Z 1.1.1.1 GET / 200 1ms", "time", "is not from 1970 to 2262-04-11"],
    [
      "combined",
      `${COMBINED_HEAD} HTTP/1.1" 200 9007199254740993`,
      "http.response_bytes",
      /^is 900719925474099\d; it must/,
    ],
    [
      "combined",
      `${COMBINED_HEAD}${"p".repeat(8_191)} HTTP/1.1" 200 5`,
      "http.path",
      "is 8192 bytes long; the limit is 8191",
    ],
    [
      "combined",
      `${COMBINED_HEAD} HTTP/1.1" 200 5 "${"é".repeat(4_096)}" "-"`,
      "http.referer",
      "is 8192 bytes long; the limit is 8191",
    ],
    ["json", `{"a":[${"1,".repeat(32_000)}1]}`, "line", /^makes a record of \d{6} bytes; the limit is 262144$/],
  ])("of format %s, %.60s: %s", (name, text, field, reason) => {
    const keptAsText = { field, reason: typeof reason === "string" ? reason : expect.stringMatching(reason) };
    const format = lineFormat(name);
    expect(readRecord(format, text, CONTEXT, true)).toEqual(keptAsText);
    const read = readRecord(format, text, CONTEXT, false);
    if (!("record" in read)) throw new Error("it is not kept");
    expect(read.keptAsText).toEqual(keptAsText);
    expect(read.record.message === text && read.record.http === undefined).toBe(true); // Not shown: it is long.
  });

  it("is none where it only just fits", () => {
    const path = `/${"p".repeat(8_190)}`;
    const read = readRecord(lineFormat("access"), `2026-11-21T13:00:00Z 1.1.1.1 GET ${path} 200 1ms`, CONTEXT, true);
    expect(read).toMatchObject({ record: { http: { path } } });
    expect(read).not.toHaveProperty("keptAsText");
  });
});

describe("what is kept as text for a limit", () => {
  const of = (name: string, text: string) => {
    const read = readRecord(lineFormat(name), text, CONTEXT, false);
    if (!("record" in read)) throw new Error("it is not kept");
    const { time, severity, service } = read.record;
    return { time: time && timestampToNanos(time), severity, service };
  };
  const path = "p".repeat(8_192);

  it("has the time and level that its format has found", () => {
    const time = 1_431_849_903_000_000_000n;
    expect(of("combined", `${COMBINED_HEAD}${path} HTTP/1.1" 503 5`)).toMatchObject({ time, severity: Severity.ERROR });
    const json = `{"ts":1431849903,"lvl":"warn","service":"shop","http":{"path":"/${path}","status":200}}`;
    expect(of("json", json)).toEqual({ time, severity: Severity.WARN, service: "shop" });
  });

  it("has none that would be over a limit itself", () => {
    const service = "s".repeat(1_000);
    const json = `{"time":"3000-01-01T00:00:00Z","level":"error","service":"${service}","msg":"m"}`;
    expect(of("json", json)).toEqual({ time: undefined, severity: Severity.ERROR, service: CONTEXT.service });
  });
});

it("plain text is what it is", () => {
  expect(readRecord(lineFormat("text"), "a", CONTEXT, true)).toMatchObject({ record: { message: "a" } });
  expect(readRecord(lineFormat("text"), "", CONTEXT, false)).toEqual({ field: "line", reason: "is empty" });
  expect(readRecord(lineFormat("json"), "", CONTEXT, false)).toEqual({ field: "line", reason: "is empty" });
});
