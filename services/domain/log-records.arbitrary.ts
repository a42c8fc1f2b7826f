import { create, type JsonObject } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import {
  HttpRequestSchema,
  type LogRecord,
  LogRecordSchema,
  type Severity,
} from "../../gen/logpulse/v1/log_record_pb.ts";

const text = (maxLength: number) => fc.string({ unit: "binary", maxLength });
const hex = (digits: number) => fc.stringMatching(new RegExp(`^([0-9a-f]{${digits}})?$`));

const times = fc
  .record({
    seconds: fc.bigInt({ min: 0n, max: 9_223_372_035n }),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
  })
  .map((init) => create(TimestampSchema, init));

const latencies = fc
  .record({
    seconds: fc.bigInt({ min: 0n, max: 2_147_482n }),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
  })
  .map((init) => create(DurationSchema, init));

/** Attributes as natural JSON; no number that JSON cannot say. */
const attributes = fc
  .dictionary(text(12), fc.jsonValue({ maxDepth: 3, noUnicodeString: false }), { maxKeys: 5 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);

const requests = fc
  .record(
    {
      clientIp: fc.oneof(fc.ipV4(), fc.ipV6()),
      method: fc.constantFrom("GET", "POST", "get", ""),
      path: text(40),
      status: fc.integer({ min: 0, max: 999 }),
      latency: latencies,
      responseBytes: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
      userAgent: text(20),
      referer: text(20),
      protocol: text(10),
    },
    { requiredKeys: [] },
  )
  .map((init) => create(HttpRequestSchema, init));

/** Any record that keeps every rule of the contract, hostile text included. For property tests. */
export function logRecords(): fc.Arbitrary<LogRecord> {
  return fc
    .record(
      {
        time: times,
        severity: fc.integer({ min: 0, max: 24 }).map((number) => number as Severity),
        severityText: text(8),
        service: text(16),
        message: text(60),
        attributes,
        traceId: hex(32),
        spanId: hex(16),
        raw: fc.uint8Array({ maxLength: 20 }),
        http: requests,
      },
      { requiredKeys: [] },
    )
    .map((init) => create(LogRecordSchema, init));
}
