import { create, fromBinary, type JsonObject, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { crowdedRecords } from "./crowded-records.arbitrary.ts";
import { logRecords } from "./log-records.arbitrary.ts";
import { readRecordColumns } from "./record-columns.ts";
import { readStruct } from "./struct-bytes.ts";

/** By way of the record's bytes; keys in their order. */
function expectSame(bytes: Uint8Array): void {
  const { attributes } = readRecordColumns(bytes);
  const decoded = fromBinary(LogRecordSchema, bytes).attributes;
  expect(attributes && readStruct(attributes)).toEqual(decoded);
  expect(JSON.stringify(attributes && readStruct(attributes))).toBe(JSON.stringify(decoded));
}

const encoded = (record: LogRecord) => toBinary(LogRecordSchema, record);
const records = fc.oneof(logRecords(), crowdedRecords());

describe("the attributes of a record, read from its bytes", () => {
  it("are those of the decoded record", () => {
    fc.assert(
      fc.property(records, (record) => expectSame(encoded(record))),
      { numRuns: 1_000 },
    );
  });

  it("are those of the decoded record where they are repeated", () => {
    fc.assert(
      fc.property(records, records, (one, other) => expectSame(Buffer.concat([encoded(one), encoded(other)]))),
      { numRuns: 500 },
    );
  });

  it.each<[string, JsonObject]>([
    ["none", {}],
    ["names of every object's", { ["__proto__"]: { a: 1 }, constructor: "c", "": "" }],
    ["values of every kind", { a: null, b: -0, c: 1e308, d: false, e: [[], {}, [null, "x"]], f: { g: { h: [true] } } }],
    ["a byte-order mark", { "\ufeffk": "\ufeffv" }],
  ])("with %s are those of the decoded record", (_, attributes) => {
    expectSame(encoded(create(LogRecordSchema, { attributes })));
  });

  // Field 6 of the record; 0a: an entry of the struct, of which 0a is the key and 12 the value.
  it.each([
    ["an entry without a value", "3205 0a03 0a0161"],
    ["an entry without a key", "3206 0a04 1202 2000"],
    ["a value without a kind", "3207 0a05 0a0161 1200"],
    ["a value of two kinds", "320c 0a0a 0a0161 1205 2001 1a0178"],
    ["a value of two kinds, null the last", "320c 0a0a 0a0161 1205 1a0178 0800"],
    ["a value that is twice a struct", "3216 0a14 0a0161 120f 2a05 0a03 0a0162 2a06 0a04 0a0163 1200"],
    ["a value that is twice a list", "3211 0a0f 0a0161 120a 3204 0a02 2001 3202 0a00"],
    ["the same key twice", "3212 0a07 0a0161 1202 2001 0a07 0a0161 1202 2000"],
    ["fields that nobody knows", "3213 0a0b 0a0161 1802 1204 3801 2001 1801 2202 6162"],
  ])("with %s are those of the decoded record", (_, hex) => {
    expectSame(new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex")));
  });

  it("of bytes that are no struct are something, or an Error, soon", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readStruct(bytes);
        } catch (reason) {
          expect(reason).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
