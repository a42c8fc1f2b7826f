import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { makeUuidV7 } from "../domain/identity.ts";
import { logRecords } from "../domain/log-records.arbitrary.ts";
import { decodeLoggedBatch } from "../domain/logged-batch.ts";
import type { RejectKind } from "../domain/reject-kind.ts";
import { sealBatch } from "./seal-batch.ts";
import { type WalkedBatch, walkBatch } from "./walk-batch.ts";

const PRODUCER = makeUuidV7(Date.UTC(2026, 10, 21), new Uint8Array(10).fill(7));

/** A batch field by hand: whatever the generated code would refuse to write. */
function field(number: number, payload: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(payload).finish();
}

function varintField(number: number, value: bigint | number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.Varint).uint64(value).finish();
}

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const text = (value: string) => new TextEncoder().encode(value);
const message = (value: string) => field(5, text(value));
const record = (...fields: Uint8Array[]) => field(3, join(...fields));
/** attributes: {key: value} with the value's bytes by hand. */
const attribute = (key: string, value: Uint8Array) => field(6, field(1, join(field(1, text(key)), field(2, value))));
const nested = (levels: number): Uint8Array =>
  levels === 0 ? field(3, text("deep")) : field(5, field(1, join(field(1, text("k")), field(2, nested(levels - 1)))));

/** What a worker will read of it. */
function sealAndDecode(walked: WalkedBatch) {
  const assigned = walked.producerId.length === 0 ? { producerId: PRODUCER, firstSeq: 5 } : undefined;
  return decodeLoggedBatch(0, 0n, sealBatch(walked, { tenant: "default", receivedMs: 1_700_000_000_123, assigned }));
}

function kindOf(bytes: Uint8Array): string {
  try {
    walkBatch(bytes);
    return "accepted";
  } catch (reason) {
    if (reason instanceof LogPulseError) return `${reason.kind}: ${reason.message}`;
    throw reason;
  }
}

describe("a good batch passes", () => {
  it("whatever records it has, and reads back as they were sent", () => {
    fc.assert(
      fc.property(fc.array(logRecords(), { maxLength: 5 }), (records) => {
        const sent = create(LogBatchSchema, { producerId: PRODUCER, firstSeq: 9n, records });
        const walked = walkBatch(toBinary(LogBatchSchema, sent));
        expect(walked.rejects).toEqual([]);
        expect(walked).toMatchObject({ firstSeq: 9, recordCount: records.length });
        const read = sealAndDecode(walked);
        const encoded = records.map((sentRecord) => Buffer.from(toBinary(LogRecordSchema, sentRecord)));
        expect(read.records.map((logged) => Buffer.from(logged.bytes))).toEqual(encoded);
        expect(read.records.map((logged) => logged.record.message)).toEqual(records.map((one) => one.message));
      }),
      { numRuns: 300 },
    );
  });

  it("without an identity: the server's goes behind it and wins", () => {
    const bytes = join(field(1, new Uint8Array()), varintField(2, 77), record(message("a")));
    const read = sealAndDecode(walkBatch(bytes));
    expect(read.producer).toBe(Buffer.from(PRODUCER).toString("hex"));
    expect(read.firstSeq).toBe(5);
  });

  it("with a field in a record that only a newer contract knows, which is kept", () => {
    const bytes = join(field(1, PRODUCER), record(message("a"), field(55, text("later"))));
    const walked = walkBatch(bytes);
    expect(walked.rejects).toEqual([]);
    expect(Buffer.from(sealBatch(walked, { tenant: "t", receivedMs: 0, assigned: undefined })).includes("later")).toBe(
      true,
    );
  });

  it("with tags that are longer than they need to be", () => {
    const overlong = Uint8Array.of(0x9a, 0x80, 0x00, 0x00); // Field 3, empty record.
    expect(walkBatch(join(overlong, record(message("b")))).recordCount).toBe(2);
  });
});

/** What counts call what these words say. */
function kindSaid(reason: string): RejectKind {
  if (/UTF-8/.test(reason)) return "not_utf8";
  if (/ bytes long; the limit is /.test(reason)) return "too_long";
  if (/deeper than|more than \d+ keys/.test(reason)) return "too_many";
  if (/must be from|after 2262|infinite/.test(reason)) return "out_of_range";
  return "malformed";
}

describe("one bad record is rejected by name; its neighbours are kept", () => {
  const cases: [string, Uint8Array, string, RegExp][] = [
    ["truncated", record(Uint8Array.of(0x2a, 0x7f, 0x61)), "message", /127 bytes long where 1 are left/],
    ["invalid UTF-8", record(field(5, Uint8Array.of(0xff, 0xfe))), "message", /not valid UTF-8/],
    ["half of a surrogate pair", record(field(5, Uint8Array.of(0xed, 0xa0, 0x80))), "message", /not valid UTF-8/],
    ["invalid UTF-8 in an attribute key", record(attributeKey(Uint8Array.of(0xc0))), "attributes", /not valid UTF-8/],
    ["a long service", record(field(4, text("s".repeat(257)))), "service", /257 bytes long; the limit is 256/],
    ["a long path", record(field(10, field(3, text("p".repeat(8192))))), "http.path", /the limit is 8191/],
    ["too large", record(message("m".repeat(262_144))), "", /the limit is 262144/],
    ["a group", record(Uint8Array.of(0x2b)), "", /group/],
    ["another wire type", record(varintField(5, 1)), "message", /wire type 0; the contract says 2/],
    ["a status of 1000", record(field(10, varintField(4, 1000))), "http.status", /1000; it must be from 0 to 999/],
    ["a negative status", record(field(10, varintField(4, 2n ** 64n - 1n))), "http.status", /negative/],
    ["a severity of 25", record(varintField(2, 25)), "severity", /from 0 to 24/],
    ["the year 1969", record(field(1, varintField(1, 2n ** 64n - 5n))), "time", /negative seconds/],
    ["the year 9999", record(field(1, varintField(1, 253_370_764_800n))), "time", /253370764800 seconds/],
    [
      "past the last nanosecond",
      record(field(1, join(varintField(1, 9_223_372_036n), varintField(2, 854_775_808)))),
      "time",
      /after 2262/,
    ],
    ["too many nanos", record(field(1, varintField(2, 1_000_000_000))), "time", /nanos/],
    ["a time given twice", record(field(1, varintField(1, 1)), field(1, varintField(1, 2))), "time", /given twice/],
    ["a negative latency", record(field(10, field(5, varintField(1, 2n ** 64n - 1n)))), "http.latency", /negative/],
    ["a trace id in capitals", record(field(7, text("A".repeat(32)))), "trace_id", /32 lower-case/],
    ["a short span id", record(field(8, text("abc"))), "span_id", /16 lower-case.*3 bytes/],
    ["NaN in attributes", record(attribute("n", number(Number.NaN))), "attributes", /not a number/],
    ["infinity in attributes", record(attribute("n", number(Number.POSITIVE_INFINITY))), "attributes", /infinite/],
    ["a value without a kind", record(attribute("n", new Uint8Array())), "attributes", /no kind/],
    [
      "a value of two kinds",
      record(attribute("n", join(field(3, text("a")), varintField(4, 1)))),
      "attributes",
      /more than one/,
    ],
    ["a key without a value", record(field(6, field(1, field(1, text("k"))))), "attributes", /no value/],
    ["nine levels", record(attribute("k", nested(8))), "attributes", /deeper than 8/],
    [
      "65 attributes",
      record(
        field(
          6,
          join(
            ...Array.from({ length: 65 }, (_, i) =>
              field(1, join(field(1, text(`k${i}`)), field(2, field(3, text("v"))))),
            ),
          ),
        ),
      ),
      "attributes",
      /more than 64 keys/,
    ],
    [
      "a length in six bytes",
      record(Uint8Array.of(0x2a, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 0x61)),
      "message",
      /more than five bytes/,
    ],
    [
      "a length in six bytes of a field that is not known",
      record(Uint8Array.of(0xba, 0x03, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 0x61)),
      "",
      /more than five bytes/,
    ],
    [
      "a number of more than 64 bits",
      record(join(Uint8Array.of(0x10), new Uint8Array(10).fill(0xff), Uint8Array.of(1))),
      "severity",
      /64 bits/,
    ],
  ];

  it.each(cases)("%s", (_name, bad, fieldName, reason) => {
    const walked = walkBatch(join(field(1, PRODUCER), record(message("before")), bad, record(message("after"))));
    expect(walked.rejects).toHaveLength(1);
    expect(walked.rejects[0]).toMatchObject({ index: 1, field: fieldName, reason: expect.stringMatching(reason) });
    expect(walked.rejects[0]!.kind).toBe(kindSaid(walked.rejects[0]!.reason));
    const read = sealAndDecode(walked);
    expect(read.records.map((logged) => [logged.seq, logged.record.message])).toEqual([
      [0, "before"],
      [2, "after"],
    ]);
    expect(read.rejects).toMatchObject([{ index: 1, field: fieldName }]);
  });

  it("eight levels, 64 attributes, the last nanosecond and 256 KiB are not bad", () => {
    const long = message("m".repeat(262_144 - 4));
    const lastTime = field(1, join(varintField(1, 9_223_372_036n), varintField(2, 854_775_807)));
    const keys = Array.from({ length: 64 }, (_, i) =>
      field(1, join(field(1, text(`k${i}`)), field(2, field(3, text("v"))))),
    );
    const walked = walkBatch(
      join(record(attribute("k", nested(7))), record(field(6, join(...keys))), record(lastTime), record(long)),
    );
    expect(walked.rejects).toEqual([]);
  });

  it("among 10,000, first, middle and last", () => {
    const records = Array.from({ length: 10_000 }, (_, i) =>
      [0, 5_000, 9_999].includes(i) ? record(varintField(2, 99)) : record(message(`m${i}`)),
    );
    const read = sealAndDecode(walkBatch(join(field(1, PRODUCER), varintField(2, 100), ...records)));
    expect(read.rejects.map((reject) => reject.index)).toEqual([0, 5_000, 9_999]);
    expect(read.records).toHaveLength(9_997);
    expect(read.records[0]?.seq).toBe(101);
  });
});

describe("a batch that is wrong around its records is refused by name", () => {
  const cases: [string, Uint8Array, RegExp][] = [
    [
      "a server's field",
      join(record(message("a")), field(100, text("somebody"))),
      /field 100; fields from 100 on are the server's/,
    ],
    [
      "a server's field with an overlong tag",
      join(Uint8Array.of(0xa2, 0x86, 0x80, 0x00), Uint8Array.of(1, 0x61)),
      /field 100/,
    ],
    ["an unknown field", field(4, text("x")), /field 4, which the contract does not know/],
    ["a group", Uint8Array.of(0x0b, 0x0c), /group/],
    ["a field number of 0", Uint8Array.of(0x02, 0x00), /number 0/],
    ["a producer id of 15 bytes", field(1, new Uint8Array(15)), /15 bytes long; it must be a UUIDv7/],
    ["a producer id given twice", join(field(1, PRODUCER), field(1, PRODUCER)), /producer_id is given twice/],
    ["first_seq given twice", join(varintField(2, 1), varintField(2, 1)), /first_seq is given twice/],
    ["a seq beyond 2^53-1", varintField(2, 2n ** 53n), /a seq is at most 9007199254740991/],
    ["a last seq beyond 2^53-1", join(varintField(2, 2n ** 53n - 1n), record(), record()), /with 2 records/],
    ["another wire type", varintField(3, 1), /records has the wire type 0/],
    ["truncated in a record's length", Uint8Array.of(0x1a, 0x05, 0x00), /5 bytes long where 1 are left/],
    ["truncated in a tag", Uint8Array.of(0x9a), /ends in the middle/],
    ["10,001 records", join(...Array.from({ length: 10_001 }, () => record())), /more than 10000 records/],
    ["more than 4 MiB", new Uint8Array(4 * 1024 * 1024 + 1), /4194305 bytes long; the limit is 4194304/],
  ];

  it.each(cases)("%s", (_name, bytes, reason) => {
    expect(kindOf(bytes)).toMatch(/^invalid_batch/);
    expect(kindOf(bytes)).toMatch(reason);
  });
});

describe("whatever passes the walk can be read by the full decoder", () => {
  /** Good bytes with some of them changed, cut out or added: near misses find more than noise. */
  const damaged = fc
    .tuple(
      fc.array(logRecords(), { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), { minLength: 1, maxLength: 4 }),
    )
    .map(([records, damages]) => {
      let bytes = Buffer.from(toBinary(LogBatchSchema, create(LogBatchSchema, { producerId: PRODUCER, records })));
      for (const [at, byte, kind] of damages) {
        const place = bytes.length === 0 ? 0 : at % bytes.length;
        const tail = bytes.subarray(kind === 0 ? place + 1 : place);
        bytes = Buffer.concat([bytes.subarray(0, place), kind === 1 ? Buffer.alloc(0) : Buffer.of(byte), tail]);
      }
      return new Uint8Array(bytes);
    });

  it.each([
    ["damaged", damaged],
    ["random", fc.uint8Array({ maxLength: 60 })],
  ])(
    "%s bytes",
    (_name, bytesOf) => {
      fc.assert(
        fc.property(bytesOf as fc.Arbitrary<Uint8Array>, (bytes) => {
          let walked: WalkedBatch;
          try {
            walked = walkBatch(bytes);
          } catch (reason) {
            expect(reason).toBeInstanceOf(LogPulseError);
            return;
          }
          const read = sealAndDecode(walked);
          expect(read.recordCount).toBe(walked.recordCount);
          for (const logged of read.records) toJsonString(LogRecordSchema, logged.record);
        }),
        { numRuns: 3_000 },
      );
    },
    30_000,
  );
});

function number(value: number): Uint8Array {
  return new BinaryWriter().tag(2, WireType.Bit64).double(value).finish();
}

function attributeKey(key: Uint8Array): Uint8Array {
  return field(6, field(1, join(field(1, key), field(2, field(3, text("v"))))));
}
