import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Severity } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { decodeLoggedBatch, type LoggedBatch } from "../../domain/logged-batch.ts";
import { nanosToTimestamp } from "../../domain/record-time.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../../ports/build-logged-batch.ts";
import { HOSTILE_TEXTS } from "../../ports/hostile-texts.ts";
import { anyRecord } from "./any-record.arbitrary.ts";
import { documentHead, documentJson, fromSource, type Source } from "./document.ts";

const producer = newProducer();

function batchOf(record: RecordToBuild): LoggedBatch {
  return buildLoggedBatch({ tenant: "default", producer, firstSeq: 7, records: [record] });
}

/** What Elasticsearch keeps. */
function sourceOf(batch: LoggedBatch): Source {
  return JSON.parse(documentJson(documentHead(batch), batch.records[0]!));
}

function expectGivenBack(batch: LoggedBatch): void {
  const { record, ...rest } = fromSource(sourceOf(batch));
  expect(rest).toEqual({ producer, seq: 7, receivedNanos: batch.receivedNanos });
  expect(record).toEqual(batch.records[0]!.record); // Unlike `equals`, it tells -0 from 0 and sees unknown fields.
}

describe("a record's document", () => {
  it("gives back exactly the record that it was made of", () => {
    fc.assert(
      fc.property(anyRecord, (record) => expectGivenBack(batchOf(record))),
      { numRuns: 2_000 },
    );
  });

  it("keeps hostile text, missing and empty apart", () => {
    const http = { clientIp: "", method: "", path: "", status: 0 };
    const records: RecordToBuild[] = [
      ...HOSTILE_TEXTS.map((text) => ({ message: text, service: text, attributes: { [text]: { [text]: text } } })),
      ...[{}, { attributes: {} }, { raw: new Uint8Array() }, { http: {} }, { http }, { http: { latency: {} } }],
    ];
    for (const record of records) expectGivenBack(batchOf(record));
  });

  it("is JSON that a person can read", () => {
    const batch = batchOf({
      time: nanosToTimestamp(1_431_857_103_000_000_001n),
      severityText: "warn",
      service: "checkout",
      message: "Card declined",
      attributes: { order: { id: 17 } },
      raw: Uint8Array.of(255),
      http: { method: "GET", path: "/cart", status: 402, latency: { nanos: 5 }, responseBytes: 9_007_199_254_740_993n },
    });
    expect(sourceOf(batch)).toEqual({
      time: "2015-05-17T10:05:03.000000001Z",
      received_time: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/),
      tenant: "default",
      producer,
      seq: 7,
      severity: Severity.WARN,
      severity_sent: 0,
      severity_text: "warn",
      service: "checkout",
      message: "Card declined",
      attributes: { order: { id: 17 } },
      raw: "/w==",
      http: {
        method: "GET",
        method_lower: "get",
        path: "/cart",
        status: 402,
        latency_nanos: "5",
        response_bytes: "9007199254740993",
      },
      words: "card declined",
      label_words: "checkout warn",
    });
  });

  it("carries the encoded record where JSON cannot say all of it, and only there", () => {
    const odd: RecordToBuild[] = [
      { attributes: { zero: -0 } },
      { attributes: { none: Number.NaN } },
      { http: { latency: { seconds: 1n, nanos: -1 } } },
      { http: { latency: { nanos: 2_000_000_000 } } },
    ];
    for (const record of odd) {
      expect(sourceOf(batchOf(record)).original).toBeDefined();
      expectGivenBack(batchOf(record));
    }
    expect(
      sourceOf(batchOf({ attributes: { zero: 0 }, http: { latency: { seconds: -1n, nanos: -1 } } })).original,
    ).toBe(undefined);
  });

  it("keeps fields of a later version of the contract", () => {
    const later = new BinaryWriter().tag(2_000, WireType.LengthDelimited).string("from later").finish();
    const http = new BinaryWriter().tag(10, WireType.LengthDelimited).bytes(later).finish();
    for (const record of [later, http]) {
      const message = new BinaryWriter();
      message.tag(1, WireType.LengthDelimited).bytes(Buffer.from(producer, "hex"));
      message.tag(2, WireType.Varint).uint64(7);
      message.tag(3, WireType.LengthDelimited).bytes(record);
      message.tag(100, WireType.LengthDelimited).string("default");
      message.tag(101, WireType.LengthDelimited).bytes(new Uint8Array());
      expectGivenBack(decodeLoggedBatch(0, 0n, message.finish()));
    }
  });
});
