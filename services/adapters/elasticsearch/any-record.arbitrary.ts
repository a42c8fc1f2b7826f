import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import fc from "fast-check";
import type { Severity } from "../../../gen/logpulse/v1/log_record_pb.ts";
import type { RecordToBuild } from "../../ports/build-logged-batch.ts";

// For tests: wider than what ingest lets through, and the odd values first of all.

const text = (lengthMax: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: lengthMax }) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: lengthMax }) },
    fc.constantFrom(
      "",
      "\0",
      "e\u0301",
      "\ufeff",
      "\uffff",
      "😀",
      "__proto__",
      "constructor",
      "a.b",
      ".",
      " ",
      '"\\\n',
    ),
  );

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53 + 2, 123456789012345680000, 0.1),
  fc.integer(),
);

const leaf: fc.Arbitrary<JsonValue> = fc.oneof(text(8), number, fc.boolean(), fc.constant(null));

/** Attributes of any kind, at most five levels deep. */
export const anyAttributes: fc.Arbitrary<JsonObject> = fc
  .letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, leaf, tie("object"), fc.array(tie("value"), { maxLength: 3 })),
    object: fc
      .uniqueArray(fc.tuple(text(8), tie("value")), { selector: ([key]) => key, maxLength: 4 })
      .map((entries) => Object.fromEntries(entries)),
  }))
  .object.map((attributes) => attributes);

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const latency = fc
  .bigInt({ min: -(10n ** 20n), max: 10n ** 20n })
  .map((nanos) => ({ seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) }));

const http = fc.record(
  {
    clientIp: text(20),
    method: text(8),
    path: text(40),
    status: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    latency,
    responseBytes: int64,
    userAgent: text(40),
    referer: text(40),
    protocol: text(8),
  },
  { requiredKeys: [] },
);

const time = fc
  .oneof(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.constantFrom(0n, 1n, 2n ** 63n - 1n, 10n ** 18n + 1n))
  .map((nanos) => ({ seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) }));

/** Any record that every store must keep. */
export const anyRecord: fc.Arbitrary<RecordToBuild> = fc.record(
  {
    time,
    severity: fc
      .oneof(fc.integer({ min: 0, max: 24 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
      .map((number) => number as Severity),
    severityText: fc.oneof(text(8), fc.constantFrom("error", "WARN", "Info")),
    service: text(20),
    message: text(60),
    attributes: anyAttributes,
    traceId: fc.constantFrom("", "0af7651916cd43dd8448eb211c80319c"),
    spanId: fc.constantFrom("", "b7ad6b7169203331"),
    raw: fc.uint8Array({ maxLength: 40 }),
    http,
  },
  { requiredKeys: [] },
);
