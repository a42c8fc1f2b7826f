import { create, type JsonObject, type JsonValue, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type HttpRequestSchema,
  type LogRecord,
  LogRecordSchema,
  type Severity,
} from "../../gen/logpulse/v1/log_record_pb.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";
import { mixed, SeededRandom } from "./seeded-random.ts";

/** What all records of one producer are made of. The same source and seq give the same record, in any process. */
export interface RecordSource {
  /** From 0 to 2^32-1. */
  seed: number;
  /** The records' times lie around it: milliseconds since 1970. */
  baseMs: number;
}

/** Requests of this status are what a run may let a drop rule keep out of the stores. */
export const DROPPED_STATUS = 204;

const MINUTES = 3; // Most times lie within so many minutes: each minute is rows of statistics that a store rewrites.
const SERVICES = ["checkout", "auth", "payment-service", "search", "Größe/ß", "edge"];
const LEVELS = ["INFO", "info", "Warn", "ERROR", "debug", "FATAL", "E", "custom level", ""];
const METHODS = ["GET", "GET", "GET", "POST", "PUT", "delete"];
const STATUSES = [200, 200, 200, 200, 201, DROPPED_STATUS, 301, 404, 500, 503];
const CLIENTS = 5_000;
const PATHS = 8;
const TIMES_AT_THE_ENDS = [
  { seconds: 0n, nanos: 0 },
  { seconds: 0n, nanos: 1 },
  { seconds: 9_223_372_036n, nanos: 854_775_807 },
];
const WORDS = "request served in time user order cache miss retry token expired timeout connection reset by peer".split(
  " ",
);

/** The record that the source gives this seq; one in 400 or so is invalid, see `isInvalid`. */
export function recordOf(source: RecordSource, seq: number): LogRecord {
  const random = new SeededRandom(source.seed, seq);
  const record = create(LogRecordSchema, {
    time: timeOf(source, random),
    severity: severityOf(random),
    severityText: random.chance(0.01) ? random.pick(HOSTILE_TEXTS) : random.pick(LEVELS),
    service: random.chance(0.01) ? random.pick(HOSTILE_TEXTS) : random.pick(SERVICES),
    message: messageOf(random, seq),
    attributes: random.chance(0.6) ? attributesOf(random) : undefined,
    traceId: random.chance(0.3) ? hexOf(random, 16) : "",
    spanId: random.chance(0.3) ? hexOf(random, 8) : "",
    raw: random.chance(0.01) ? random.bytes(random.between(0, 100)) : undefined,
    http: random.chance(0.6) ? httpOf(random) : undefined,
  });
  if (isInvalid(source, seq)) spoil(record, random);
  // A dropped record leaves no row from which the checker could learn the time that the server gave it.
  if (record.http?.status === DROPPED_STATUS)
    record.time ??= { $typeName: "google.protobuf.Timestamp", ...baseOf(source) };
  return record;
}

/** Whether the contract has the server reject this record for ever. */
export function isInvalid({ seed }: RecordSource, seq: number): boolean {
  return mixed(seed ^ 0x5bad, seq) % 400 === 0;
}

function spoil(record: LogRecord, random: SeededRandom): void {
  const deep = Array.from({ length: 9 }).reduce<JsonObject>((inner) => ({ deeper: inner }), {});
  random.pick([
    () => (record.severity = 25 as Severity),
    () => (record.traceId = "no hexadecimal digits"),
    () => (record.severityText = "x".repeat(65)),
    () => (record.attributes = deep),
    () => (record.time = { $typeName: "google.protobuf.Timestamp", seconds: 1n, nanos: 1_000_000_000 }),
    () => (record.service = "s".repeat(257)),
  ])();
}

function severityOf(random: SeededRandom): Severity {
  return (random.chance(0.3) ? 0 : random.between(1, 24)) as Severity;
}

function baseOf({ baseMs }: RecordSource): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(baseMs / 1000)), nanos: 0 };
}

function timeOf(source: RecordSource, random: SeededRandom): { seconds: bigint; nanos: number } | undefined {
  const which = random.next();
  if (which < 0.02) return undefined;
  if (which < 0.022) return random.pick(TIMES_AT_THE_ENDS);
  const { seconds } = baseOf(source);
  return { seconds: seconds - BigInt(random.between(0, MINUTES * 60 - 1)), nanos: random.between(0, 999_999_999) };
}

function messageOf(random: SeededRandom, seq: number): string {
  const which = random.next();
  if (which < 0.02) return random.pick(HOSTILE_TEXTS);
  const characters =
    which < 0.75 ? random.between(30, 160) : which < 0.98 ? random.between(160, 800) : random.between(800, 8_000);
  if (which > 0.9998) return "long ".repeat(12_000) + seq;
  let text = `${seq} ${random.word().toString(36)}`;
  while (text.length < characters) text += ` ${random.pick(WORDS)}`;
  return random.chance(0.02) ? `${text} ${random.pick(HOSTILE_TEXTS)}` : text;
}

function attributesOf(random: SeededRandom): JsonObject {
  const keys = random.between(0, 5);
  const entries = Array.from({ length: keys }, (_, index): [string, JsonValue] => [
    random.chance(0.02) ? random.pick(HOSTILE_TEXTS) : `key${index}.${random.pick(WORDS)}`,
    jsonOf(random, 1),
  ]);
  return Object.fromEntries(entries); // It defines its properties: "__proto__" is a key like any other.
}

function jsonOf(random: SeededRandom, depth: number): JsonValue {
  const which = random.next();
  if (which < 0.45) return random.chance(0.03) ? random.pick(HOSTILE_TEXTS) : random.pick(WORDS);
  if (which < 0.65) return random.between(-1_000_000, 1_000_000);
  if (which < 0.72) return random.pick([-0, 0.1, 1e300, -5e-324, Number.MAX_SAFE_INTEGER, 1 / 3]);
  if (which < 0.8) return random.chance(0.5);
  if (which < 0.83) return null;
  if (which < 0.832) return "x".repeat(9_000); // Longer than what is indexed.
  if (depth > 4) return "deep";
  if (which < 0.9) return Array.from({ length: random.between(0, 3) }, () => jsonOf(random, depth + 1));
  return { inner: jsonOf(random, depth + 1), "a.b": random.between(0, 9) };
}

function httpOf(random: SeededRandom): MessageInitShape<typeof HttpRequestSchema> {
  const client = random.between(0, CLIENTS - 1);
  const query = random.chance(0.2) ? `?page=${random.between(1, 50)}&q=a?b` : "";
  return {
    clientIp: random.chance(0.02)
      ? ""
      : random.chance(0.1)
        ? `2001:db8::${client.toString(16)}`
        : `10.7.${client >> 8}.${client & 255}`,
    method: random.pick(METHODS),
    path: `/items/${random.between(1, PATHS)}${query}`,
    status: random.chance(0.02) ? random.between(0, 999) : random.pick(STATUSES),
    latency: random.chance(0.8) ? latencyOf(random) : undefined,
    responseBytes: BigInt(random.chance(0.01) ? Number.MAX_SAFE_INTEGER : random.between(0, 100_000)),
    userAgent: random.chance(0.5) ? `agent/${random.between(1, 20)}` : "",
    referer: random.chance(0.2) ? "https://example.test/" : "",
    protocol: random.chance(0.9) ? "HTTP/1.1" : "HTTP/2",
  };
}

function latencyOf(random: SeededRandom): { seconds: bigint; nanos: number } {
  if (random.chance(0.002)) return { seconds: 2_147_483n, nanos: 999_999_999 };
  return { seconds: BigInt(random.chance(0.05) ? random.between(0, 20) : 0), nanos: random.between(0, 999_999_999) };
}

function hexOf(random: SeededRandom, bytes: number): string {
  return Buffer.from(random.bytes(bytes)).toString("hex");
}
