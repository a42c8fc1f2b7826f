import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { logRecords } from "../../services/domain/log-records.arbitrary.ts";
import { WireWriter } from "./wire-writer.ts";
import { writeRecord } from "./write-record.ts";

const NOTHING = new Uint8Array();

function written(records: readonly LogRecord[]): Uint8Array {
  const writer = new WireWriter();
  for (const record of records) {
    expect(writeRecord(writer, 3, record)).toBe(toBinary(LogRecordSchema, record).length);
  }
  return writer.take(NOTHING);
}

it("writes any records as protobuf's own encoder does", () => {
  fc.assert(
    fc.property(fc.array(logRecords(), { maxLength: 4 }), (records) => {
      expect(Buffer.from(written(records))).toEqual(
        Buffer.from(toBinary(LogBatchSchema, create(LogBatchSchema, { records }))),
      );
    }),
  );
});

it.each([
  ["of 127 bytes", 127],
  ["of 128 bytes", 128],
  ["of 16,383 bytes", 16_383],
  ["of 16,384 bytes", 16_384],
  ["longer than the first buffer", 200_000],
  ["of 2 MiB and more", 2 ** 21],
])("writes texts %s", (_name, length) => {
  for (const letter of ["a", "é", "语", "🦉"]) {
    const record = create(LogRecordSchema, { message: letter.repeat(length / letter.length), service: "s" });
    expect(fromBinary(LogBatchSchema, written([record, record])).records).toEqual([record, record]);
  }
});

it("makes of half a surrogate pair what UTF-8 can say", () => {
  const record = create(LogRecordSchema, { message: "a\ud800b" });
  const writer = new WireWriter();
  writeRecord(writer, 3, record);
  expect(fromBinary(LogBatchSchema, writer.take(NOTHING)).records[0]?.message).toBe("a\ufffdb");
});

it("begins anew when its bytes were taken, and puts them behind a head", () => {
  const writer = new WireWriter();
  writer.text(1, "a");
  expect([...writer.take(Uint8Array.of(9))]).toEqual([9, 10, 1, 97]);
  expect(writer.length).toBe(0);
  writer.text(1, "");
  expect([...writer.take(NOTHING)]).toEqual([10, 0]);
});

it("writes negative numbers in ten bytes, as protobuf has it", () => {
  const record = create(LogRecordSchema, { time: { seconds: -1n, nanos: 5 }, http: { status: -7 } });
  expect(Buffer.from(written([record]))).toEqual(
    Buffer.from(toBinary(LogBatchSchema, create(LogBatchSchema, { records: [record] }))),
  );
});
