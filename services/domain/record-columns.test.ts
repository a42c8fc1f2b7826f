import { fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HttpRequestSchema, type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { logRecords } from "./log-records.arbitrary.ts";
import { type RecordColumns, readRecordColumns } from "./record-columns.ts";
import { durationToNanos, timestampToNanos } from "./record-time.ts";

/** The same, from the decoded record: the oracle. */
function columnsOf({ time, severity, severityText, service, message, attributes, traceId, http }: LogRecord) {
  return {
    timeNanos: time && timestampToNanos(time),
    severity,
    severityText,
    service,
    message,
    attributes,
    traceId,
    http: http && {
      clientIp: http.clientIp,
      method: http.method,
      path: http.path,
      status: http.status,
      latencyNanos: http.latency && durationToNanos(http.latency),
      responseBytes: http.responseBytes,
    },
  };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");

function readable({ severityText, service, message, attributes, traceId, http, ...rest }: RecordColumns) {
  return {
    ...rest,
    severityText: text(severityText),
    service: text(service),
    message: text(message),
    attributes: attributes && toJson(StructSchema, fromBinary(StructSchema, attributes)),
    traceId: text(traceId),
    http: http && { ...http, clientIp: text(http.clientIp), method: text(http.method), path: text(http.path) },
  };
}

/** The record's bytes, those of another one behind them: decoders merge the two. */
const merged = fc
  .tuple(logRecords(), logRecords())
  .map(([one, other]) => Buffer.concat([toBinary(LogRecordSchema, one), toBinary(LogRecordSchema, other)]));

describe("the columns of a record", () => {
  it("are those of the decoded record", () => {
    fc.assert(
      fc.property(logRecords(), (record) => {
        expect(readable(readRecordColumns(toBinary(LogRecordSchema, record)))).toEqual(columnsOf(record));
      }),
      { numRuns: 500 },
    );
  });

  it("are those of the decoded record where fields are repeated", () => {
    fc.assert(
      fc.property(merged, (bytes) => {
        expect(readable(readRecordColumns(bytes))).toEqual(columnsOf(fromBinary(LogRecordSchema, bytes)));
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, string]>([
    ["unknown fields of every wire type", "f806ff01f20603010203a1010102030405060708ad01010203042a017a"],
    ["an overlong tag and an overlong length", "aa8000838000616263"],
    ["a severity below zero", "10fbffffffffffffffff01"],
    ["a status below zero", "520b20c0fbc2ffffffffffff01"],
    ["a severity below zero and one beyond 32 bits", "10ffffffffffffffffff0110ffffffff1f"],
    ["a time before 1970", "0a0d08ffffffffffffffffff011080ade204"],
    ["seconds of all 64 bits", "0a0b08808080808080808080011005"],
    ["numbers between 2^49 and 2^53", "520930ffffffffffffff0f"],
  ])("with %s are those of the decoded record", (_, hex) => {
    const bytes = new Uint8Array(Buffer.from(hex, "hex"));
    expect(readable(readRecordColumns(bytes))).toEqual(columnsOf(fromBinary(LogRecordSchema, bytes)));
  });

  it("of bytes that are no record are something, or an Error, soon", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readRecordColumns(bytes);
        } catch (reason) {
          expect(reason).toBeInstanceOf(Error);
        }
      }),
    );
  });

  it("know the field numbers of the contract", () => {
    const numbers = (schema: typeof LogRecordSchema | typeof HttpRequestSchema) =>
      Object.fromEntries(schema.fields.map(({ localName, number }) => [localName, number]));
    expect(numbers(LogRecordSchema)).toMatchObject({
      time: 1,
      severity: 2,
      severityText: 3,
      service: 4,
      message: 5,
      attributes: 6,
      traceId: 7,
      http: 10,
    });
    expect(numbers(HttpRequestSchema)).toMatchObject({
      clientIp: 1,
      method: 2,
      path: 3,
      status: 4,
      latency: 5,
      responseBytes: 6,
    });
  });
});
