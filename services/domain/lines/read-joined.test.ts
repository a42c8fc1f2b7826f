import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import type { LineFormatName } from "./line-format.ts";
import { lineFormat } from "./line-formats.ts";
import { readJoined } from "./read-joined.ts";

const CONTEXT = { service: "shop", nowMs: Date.UTC(2026, 10, 22, 12), offsetMinutes: () => 0 };

function read(name: LineFormatName, text: string, continues: string, strict = false) {
  const result = readJoined(lineFormat(name), { text, continues }, CONTEXT, strict);
  if (!("record" in result)) return { problem: result };
  return { record: toJson(LogRecordSchema, result.record), keptAsText: result.keptAsText };
}

describe("the rest of a record that was too long", () => {
  const first = "2026-11-22 10:00:00 ERROR x";

  it("has the time and the level of its beginning", () => {
    expect(read("text", "\tat a\n\tat b", first)).toEqual({
      record: {
        time: "2026-11-22T10:00:00Z",
        severity: "SEVERITY_ERROR",
        severityText: "ERROR",
        service: "shop",
        message: "\tat a\n\tat b",
        attributes: { continued: true },
      },
      keptAsText: undefined,
    });
  });

  it("has its own where it says them", () => {
    expect(read("text", "WARN: y", first).record).toMatchObject({ severityText: "WARN", time: "2026-11-22T10:00:00Z" });
    const cri = (second: number, text: string) => `2026-11-22T10:00:0${second}Z stderr F ${text}`;
    expect(read("cri", cri(1, "\tat a"), cri(0, "java.lang.Error: x")).record).toEqual({
      time: "2026-11-22T10:00:01Z",
      service: "shop",
      message: "\tat a",
      attributes: { continued: true, stream: "stderr" },
    });
  });

  it("is of the beginning's service where its format cannot read it, which is nothing to be told", () => {
    const result = read("syslog", "  more", "<11>Nov 22 10:00:00 host web[1]: x");
    expect(result.keptAsText).toBeUndefined();
    expect(result.record).toMatchObject({
      service: "web",
      severityText: "err",
      message: "  more",
      time: "2026-11-22T10:00:00Z",
    });
  });

  it("is kept as text, or not, as its beginning is", () => {
    expect(read("json", "\tat a", "java.lang.Error: x").keptAsText).toMatchObject({ field: "line" });
    expect(read("json", "\tat a", "java.lang.Error: x", true).problem).toMatchObject({ field: "line" });
  });

  it("is no record where it is empty", () => {
    expect(read("text", "\n\n", first)).toEqual({ problem: { field: "line", reason: "is empty" } });
  });
});

it("reads a whole record as its format does", () => {
  const result = readJoined(lineFormat("text"), { text: "2026-11-22 10:00:00 x\n  y" }, CONTEXT, false);
  expect(result).toMatchObject({ record: { message: "2026-11-22 10:00:00 x\n  y" } });
});
