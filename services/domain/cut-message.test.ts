import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type StoredLog, StoredLogSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { cutMessage } from "./cut-message.ts";
import { logRecords } from "./log-records.arbitrary.ts";

const logOf = (message: string): StoredLog => create(StoredLogSchema, { id: "a-1", record: { message, service: "s" } });

describe("a message that is cut", () => {
  it.each([
    ["abcdef", 3, "abc", 6],
    ["äöü", 3, "ä", 6],
    ["äöü", 4, "äö", 6],
    ["a😀b", 4, "a", 6],
    ["a😀b", 5, "a😀", 6],
    ["😀", 1, "", 4],
    ["€uro", 2, "", 6],
  ])("%j within %i bytes is %j", (message, bytesMax, expected, cut) => {
    const found = cutMessage(logOf(message), bytesMax);
    expect([found.record?.message, found.messageBytesCut]).toEqual([expected, cut]);
  });

  it.each([
    ["abcdef", 0],
    ["abcdef", 6],
    ["äöü", 6],
    ["", 1],
  ])("%j within %i bytes is the very same object", (message, bytesMax) => {
    const log = logOf(message);
    expect(cutMessage(log, bytesMax)).toBe(log);
  });

  it("is the longest beginning that fits, and nothing else of the record changes", () => {
    fc.assert(
      fc.property(logRecords(), fc.integer({ min: 1, max: 80 }), (record, bytesMax) => {
        const log = create(StoredLogSchema, { id: "a-1", record });
        const before = toBinary(StoredLogSchema, log);
        const found = cutMessage(log, bytesMax);
        const message = found.record!.message;
        expect(Buffer.byteLength(message)).toBeLessThanOrEqual(bytesMax);
        expect(record.message.startsWith(message)).toBe(true);
        const next = [...record.message.slice(message.length)][0];
        if (next !== undefined) expect(Buffer.byteLength(message + next)).toBeGreaterThan(bytesMax);
        expect(found.messageBytesCut).toBe(next === undefined ? 0 : Buffer.byteLength(record.message));
        const whole = create(StoredLogSchema, { ...found, record: { ...found.record!, message: record.message } });
        expect(toBinary(StoredLogSchema, { ...whole, messageBytesCut: 0 })).toEqual(before);
        expect(toBinary(StoredLogSchema, log)).toEqual(before);
      }),
    );
  });
});
