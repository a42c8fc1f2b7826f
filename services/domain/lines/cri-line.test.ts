import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { criLine } from "./cri-line.ts";
import { isRecord } from "./line-format.ts";

const CONTEXT = { service: "shop", nowMs: Date.UTC(2026, 10, 22, 12), offsetMinutes: () => 0 };
const TIME = "2026-11-22T10:00:00.123456789Z";

function read(text: string): JsonValue {
  const found = criLine.read(text, CONTEXT);
  return isRecord(found) ? toJson(LogRecordSchema, found) : { ...found };
}

describe("a line of a container's log", () => {
  it("keeps what the program itself calls stream or attrs", () => {
    const docker = JSON.stringify({
      log: '{"msg":"x","stream":"orders","attrs":{"a":1}}\n',
      stream: "stderr",
      time: TIME,
      attrs: { team: "web" },
    });
    expect(read(docker)).toMatchObject({
      attributes: {
        stream: "orders",
        attrs: { a: 1 },
        container_stream: "stderr",
        container_attrs: { team: "web" },
      },
    });
  });

  it.each<[string, string, JsonValue]>([
    [
      "text",
      `${TIME} stdout F hello`,
      { time: TIME, service: "shop", message: "hello", attributes: { stream: "stdout" } },
    ],
    [
      "text with a level",
      `${TIME} stderr F ERROR: no`,
      {
        time: TIME,
        severity: "SEVERITY_ERROR",
        severityText: "ERROR",
        service: "shop",
        message: "ERROR: no",
        attributes: { stream: "stderr" },
      },
    ],
    [
      "text with its own time",
      `${TIME} stdout F 2026-11-22 09:59:59,5 INFO x`,
      {
        time: "2026-11-22T09:59:59.500Z",
        severity: "SEVERITY_INFO",
        severityText: "INFO",
        service: "shop",
        message: "2026-11-22 09:59:59,5 INFO x",
        attributes: { stream: "stdout" },
      },
    ],
    [
      "text without a year",
      "2021-01-01T00:00:01Z stdout F Dec 31 23:59:59 x",
      { time: "2020-12-31T23:59:59Z", service: "shop", message: "Dec 31 23:59:59 x", attributes: { stream: "stdout" } },
    ],
    [
      "JSON",
      `${TIME} stdout F {"level":"warn","msg":"low","left":3}`,
      {
        time: TIME,
        severity: "SEVERITY_WARN",
        severityText: "warn",
        service: "shop",
        message: "low",
        attributes: { left: 3, stream: "stdout" },
      },
    ],
    [
      "JSON with its own time",
      `${TIME} stdout F {"time":"2026-11-22T09:59:59Z","msg":"low"}`,
      { time: "2026-11-22T09:59:59Z", service: "shop", message: "low", attributes: { stream: "stdout" } },
    ],
    [
      "what is no JSON",
      `${TIME} stdout F {"level":`,
      { time: TIME, service: "shop", message: '{"level":', attributes: { stream: "stdout" } },
    ],
    ["an empty line", `${TIME} stdout F `, { time: TIME, service: "shop", attributes: { stream: "stdout" } }],
    ["nothing", `${TIME} stdout F`, { time: TIME, service: "shop", attributes: { stream: "stdout" } }],
    [
      "blanks",
      `${TIME} stdout F   a b `,
      { time: TIME, service: "shop", message: "  a b ", attributes: { stream: "stdout" } },
    ],
    [
      "more tags",
      `${TIME} stdout F:x:y hello`,
      { time: TIME, service: "shop", message: "hello", attributes: { stream: "stdout" } },
    ],
    [
      "a zone",
      "2026-11-22T12:00:00.123456789+02:00 stdout F a",
      { time: TIME, service: "shop", message: "a", attributes: { stream: "stdout" } },
    ],
    [
      "a part of a line",
      `${TIME} stdout P cut`,
      { time: TIME, service: "shop", message: "cut", attributes: { stream: "stdout" } },
    ],
    [
      "Docker's",
      JSON.stringify({ log: "hello\n", stream: "stderr", time: TIME }),
      { time: TIME, service: "shop", message: "hello", attributes: { stream: "stderr" } },
    ],
    [
      "Docker's, cut",
      JSON.stringify({ log: "hel", stream: "stdout", time: TIME }),
      { time: TIME, service: "shop", message: "hel", attributes: { stream: "stdout" } },
    ],
    [
      "Docker's, with JSON in it",
      JSON.stringify({ log: '{"msg":"low"}\n', stream: "stdout", time: TIME }),
      { time: TIME, service: "shop", message: "low", attributes: { stream: "stdout" } },
    ],
    [
      "Docker's, with labels",
      JSON.stringify({ log: "a\r\n", stream: "stdout", attrs: { app: "web", odd: 1 }, time: TIME }),
      { time: TIME, service: "shop", message: "a", attributes: { stream: "stdout", attrs: { app: "web" } } },
    ],
  ])("with %s", (_what, line, record) => {
    expect(read(line)).toEqual(record);
    expect(criLine.beginsRecord(line)).toBe(true);
  });

  it("is put together of its parts", () => {
    const lines = [
      `${TIME} stdout P {"msg":`,
      `2026-11-22T10:00:01Z stdout P "low",`,
      `2026-11-22T10:00:01Z stdout F "left":3}`,
    ];
    expect(read(lines.join("\n"))).toEqual({
      time: TIME,
      service: "shop",
      message: "low",
      attributes: { left: 3, stream: "stdout" },
    });
    const docker = ["one ", "two\n"].map((log) => JSON.stringify({ log, stream: "stdout", time: TIME }));
    expect(read(docker.join("\n"))).toMatchObject({ message: "one two" });
  });

  it("that is whole stands apart from the next one", () => {
    const lines = ["Error: a", "    at b (c:1:1)", "", "end"].map((text) => `${TIME} stderr F ${text}`);
    expect(read(lines.join("\n"))).toMatchObject({
      message: "Error: a\n    at b (c:1:1)\n\nend",
      severity: "SEVERITY_ERROR",
    });
  });

  it("keeps what stands between such lines", () => {
    expect(read(`${TIME} stdout F a\nodd\n${TIME} stdout F b`)).toMatchObject({ message: "a\nodd\nb" });
  });

  it.each([
    ["hello", "line", /neither "TIME/],
    ["", "line", /neither/],
    [`${TIME} stdin F x`, "line", /neither/],
    [`${TIME} stdout X x`, "line", /neither/],
    [`${TIME} stdout Fx`, "line", /neither/],
    ['{"log":"x\\n","time":1}', "line", /neither/],
    ['{"log":"x', "line", /neither/],
    ['{"level":"info"}', "line", /neither/],
    ["2026-02-30T10:00:00Z stdout F x", "time", /^is "2026-02-30T10:00:00Z"; wanted an RFC 3339 time/],
    ["1969-12-31T23:59:59Z stdout F x", "time", /from 1970 on/],
    ['{"log":"x\\n","stream":"stdout","time":"now"}', "time", /"now"/],
  ])("%j is none", (line, field, reason) =>
    expect(read(line)).toEqual({ field, reason: expect.stringMatching(reason) }),
  );
});
