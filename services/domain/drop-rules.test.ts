import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { HttpRequestSchema, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { markDropped, parseDropRules } from "./drop-rules.ts";
import type { LoggedBatch } from "./logged-batch.ts";

const access = (status: number, path = "/") =>
  create(LogRecordSchema, { service: "shop", http: create(HttpRequestSchema, { status, path, method: "GET" }) });

function dropped(rules: string, record: ReturnType<typeof access>, receivedNanos = 10n ** 18n): boolean {
  const logged = { seq: 0, record, timeNanos: 0n, bytes: new Uint8Array(), dropped: false };
  markDropped({ receivedNanos, records: [logged] } as unknown as LoggedBatch, parseDropRules(rules));
  return logged.dropped;
}

describe("drop rules", () => {
  it.each([
    ["", access(200), false],
    ["status=200", access(200), true],
    ["status=200", access(404), false],
    ["status=200", create(LogRecordSchema, {}), false],
    ["status=200&path=/health", access(200, "/health"), true],
    ["status=200&path=/health", access(200, "/x"), false],
    ["status=404, method=get", access(200), true],
    ["level=warning", create(LogRecordSchema, { severityText: "WARN" }), true],
    ["service=shop", access(500), true],
    ["path=/a=b", access(200, "/a=b"), true],
  ])("%j", (rules, record, expected) => expect(dropped(rules, record)).toBe(expected));

  it("begin with their start time, compared with when the batch was received", () => {
    const rule = "status=200@2026-11-21T00:00:00Z";
    const startNanos = 1_795_219_200_000_000_000n;
    expect(dropped(rule, access(200), startNanos - 1n)).toBe(false);
    expect(dropped(rule, access(200), startNanos)).toBe(true);
  });

  it.each(["status", "status=abc", "colour=red", "status=200@yesterday", "level=loud", "=1"])(
    "%j is refused, with the rule in the message",
    (rules) => expect(() => parseDropRules(rules)).toThrow(/is not a drop rule/),
  );
});
