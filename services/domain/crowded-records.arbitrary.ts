import { create, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import {
  HttpRequestSchema,
  type LogRecord,
  LogRecordSchema,
  type Severity,
} from "../../gen/logpulse/v1/log_record_pb.ts";
import { HOSTILE_TEXTS } from "../ports/hostile-texts.ts";
import { logRecords } from "./log-records.arbitrary.ts";
import { nanosToTimestamp } from "./record-time.ts";

// Few words, few values and few times: what is asked of one record then finds others too, and ties are many.
const WORDS = ["error", "Timeout", "of", "disk", "cafe\u0301", "\u0130ZM\u0130R", "stra\u00dfe", "検索", "x_1", "42"];
const MARKS = [" ", "-", "", "\n", "\0", "*", '"'];
const LEVELS = ["", "ERROR", "error", "Err", "warn", "odd", "odd one", "!", "fatal error"];
const PATHS = ["/", "/login", "/login?next=%2F", "/a*b", "/a?b", "/A%_b", "/\\", "/caf\u00e9/😀"];
const KEYS = ["user", "id", "a.b", "a", "b", "a*", "", ".", "__proto__", "constructor", "k\u0000", "é 😀"];
const BASE_NANOS = 1_795_000_000_000_000_000n;

const hostile = fc.constantFrom(...HOSTILE_TEXTS);

const message = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(...MARKS)), { maxLength: 6 })
      .map((parts) => parts.flat().join("")),
  },
  { weight: 2, arbitrary: hostile },
);

const number = fc.constantFrom(0, 1, -1, 200, 1.5, 0.1, 1e21, 1e-7, 5e-324, 123456789012345680000, 2 ** 53 + 2);
const text = fc.oneof(fc.constantFrom("", "alice", "Alice", "alice ", "1", "true", "200"), hostile);
const leaf: fc.Arbitrary<JsonValue> = fc.oneof(text, number, fc.boolean(), fc.constant(null));
const key = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...KEYS) }, { weight: 1, arbitrary: hostile });

const attributes = fc
  .letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, leaf, tie("object"), fc.array(tie("value"), { maxLength: 3 })),
    object: fc
      .uniqueArray(fc.tuple(key, tie("value")), { selector: ([name]) => name, maxLength: 4 })
      .map((entries) => Object.fromEntries(entries)),
  }))
  .object.map((object) => object);

const latency = fc
  .constantFrom(0n, 1n, 999_999_999n, 1_000_000_000n, 1_500_000n, 86_400_000_000_001n)
  .map((nanos) => create(DurationSchema, { seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) }));

const http = fc
  .record(
    {
      clientIp: fc.constantFrom("", "10.0.0.1", "10.0.0.10", "2001:db8::1"),
      method: fc.constantFrom("", "GET", "get", "Post", "\u0130", "stra\u00dfe", "\u039f\u03a3", "\u212a"),
      path: fc.oneof(fc.constantFrom(...PATHS), hostile),
      status: fc.constantFrom(0, 200, 204, 404, 500, 999),
      latency,
      responseBytes: fc.constantFrom(0n, 1n, 512n, 2n ** 53n - 1n),
      userAgent: fc.oneof(fc.constantFrom("", "curl/8", "Curl/8 "), hostile),
      referer: fc.constantFrom("", "https://example.org/", "-"),
      protocol: fc.constantFrom("", "HTTP/1.1", "HTTP/2"),
    },
    { requiredKeys: [] },
  )
  .map((init) => create(HttpRequestSchema, init));

const crowded = fc
  .record(
    {
      time: fc.integer({ min: -3, max: 3 }).map((off) => nanosToTimestamp(BASE_NANOS + BigInt(off))),
      severity: fc.constantFrom(0, 0, 0, 1, 9, 10, 13, 17, 20, 21, 24).map((of) => of as Severity),
      severityText: fc.constantFrom(...LEVELS),
      service: fc.oneof(fc.constantFrom("", "auth", "Auth", "disk error", "-"), hostile),
      message,
      attributes,
      traceId: fc.constantFrom("", "0af7651916cd43dd8448eb211c80319c", "0af7651916cd43dd8448eb211c80319d"),
      spanId: fc.constantFrom("", "b7ad6b7169203331"),
      http,
    },
    { requiredKeys: ["time"] },
  )
  .map((init) => create(LogRecordSchema, init));

/**
 * Records that have much in common with one another, and a few that have nothing; all keep every rule of the contract.
 * For property tests of questions.
 */
export function crowdedRecords(): fc.Arbitrary<LogRecord> {
  return fc.oneof({ weight: 5, arbitrary: crowded }, { weight: 1, arbitrary: logRecords() });
}
