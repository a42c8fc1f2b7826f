import { describe, expect, it } from "vitest";
import { FORMAT_DETECTION_LINES_MAX } from "../limits.ts";
import { detectFormat } from "./detect-format.ts";
import { CONTEXT } from "./lines.fixture.ts";

const COMBINED = '1.1.1.1 - - [17/May/2015:10:05:03 +0200] "GET / HTTP/1.1" 200 512 "-" "curl/8"';
const JSON_LINE = '{"level":30,"msg":"m"}';
const DOCKER = '{"log":"m\\n","stream":"stdout","time":"2026-11-21T10:42:07.298Z"}';
const LOGFMT = "ts=2026-11-21T10:42:07Z level=info msg=m";
const PROSE = "Starting the shop";
const TRACE = ["Error: boom", "    at a (a.js:1:2)", "    at b (b.js:3:4)", "    at c (c.js:5:6)"];

const times = (count: number, line: string) => Array.from({ length: count }, () => line);
const detect = (lines: string[]) => {
  const { format, reason } = detectFormat(lines, CONTEXT);
  return [format.name, reason];
};

describe("the format of the first lines", () => {
  it.each([
    ["one line", [COMBINED], "combined", "combined reads 1 of the first 1 records"],
    ["all alike", times(9, LOGFMT), "logfmt", "logfmt reads 9 of the first 9 records"],
    ["half of them", [...times(5, JSON_LINE), ...times(5, PROSE)], "json", "json reads 5 of the first 10 records"],
    [
      "less than half",
      [...times(4, JSON_LINE), ...times(5, PROSE)],
      "text",
      "json reads 4 of the first 9 records, which is less than half",
    ],
    [
      "the larger share of two",
      [...times(4, JSON_LINE), ...times(5, COMBINED)],
      "combined",
      "combined reads 5 of the first 9 records",
    ],
    ["two that read all: the more special one", times(3, DOCKER), "cri", "cri reads 3 of the first 3 records"],
    ["empty lines between", ["", JSON_LINE, " ", "\t", ""], "json", "json reads 1 of the first 1 records"],
    ["stack traces between", [JSON_LINE, ...TRACE, JSON_LINE], "json", "json reads 2 of the first 3 records"],
    [
      "a level behind a time of syslog",
      ["Nov 22 10:00:00 INFO started", "Nov 22 10:00:01 WARNING: slow"],
      "text",
      "no other format reads any of the first 2 records",
    ],
    [
      "a level behind a time and a name",
      ["2026-11-22T10:00:00Z shop error: no"],
      "text",
      "no other format reads any of the first 1 records",
    ],
    ["prose", times(3, PROSE), "text", "no other format reads any of the first 3 records"],
    ["nothing", [], "text", "there is no line that is not empty"],
    ["nothing but blanks", ["", " "], "text", "there is no line that is not empty"],
    ["only the rest of something", ["   and so on"], "text", "none of the first lines begins a record"],
  ])("%s", (_name, lines, format, reason) => expect(detect(lines)).toEqual([format, reason]));

  it("tells what each format could read", () => {
    const { tried } = detectFormat([COMBINED, PROSE], CONTEXT);
    expect(tried.map(({ name }) => name)).toEqual(["access", "envoy", "combined", "cri", "syslog", "json", "logfmt"]);
    expect(tried.find(({ name }) => name === "combined")).toEqual({ name: "combined", read: 1, of: 2 });
    expect(tried.find(({ name }) => name === "json")).toEqual({ name: "json", read: 0, of: 2 });
  });

  it("looks at so many lines, and so many characters", () => {
    const many = [...times(FORMAT_DETECTION_LINES_MAX, JSON_LINE), ...times(1_000, COMBINED)];
    expect(detect(many)).toEqual(["json", "json reads 200 of the first 200 records"]);
    const long = `{"msg":"${"m".repeat(16_000)}"}`;
    expect(detect(times(100, long))).toEqual(["json", "json reads 4 of the first 4 records"]);
    expect(detect([`{"msg":"${"m".repeat(70_000)}"}`, COMBINED])[0]).toBe("json");
  });
});
