import { ProtobufWalk } from "./protobuf-walk.ts";

/**
 * What a store keeps or asks for beside the record itself, read from an encoded LogRecord without decoding the rest of
 * it. Texts are views of its UTF-8 bytes: whoever only hands them on never makes strings of them.
 */
export interface RecordColumns {
  /** Nanoseconds since 1970; undefined where the record has no time. */
  timeNanos: bigint | undefined;
  severity: number;
  severityText: Uint8Array;
  service: Uint8Array;
  message: Uint8Array;
  /** The encoded `google.protobuf.Struct`, as it was sent; undefined where the record has none. */
  attributes: Uint8Array | undefined;
  traceId: Uint8Array;
  http: HttpColumns | undefined;
}

/** The same of `LogRecord.http`. */
export interface HttpColumns {
  clientIp: Uint8Array;
  method: Uint8Array;
  path: Uint8Array;
  status: number;
  latencyNanos: bigint | undefined;
  responseBytes: bigint;
}

const NANOS_PER_SECOND = 1_000_000_000n;
const NONE = new Uint8Array(0);

// Field numbers of proto/logpulse/v1/log_record.proto; of Timestamp and Duration: seconds 1, nanos 2.
const TIME = 1;
const SEVERITY = 2;
const SEVERITY_TEXT = 3;
const SERVICE = 4;
const MESSAGE = 5;
const ATTRIBUTES = 6;
const TRACE_ID = 7;
const HTTP = 10;
const CLIENT_IP = 1;
const METHOD = 2;
const PATH = 3;
const STATUS = 4;
const LATENCY = 5;
const RESPONSE_BYTES = 6;

/**
 * Reads the columns of a record that decodes: one that ingest has let through, or that somebody decoded before. Of
 * anything else the answer is any columns, or an Error.
 *
 * A property test holds it to the full decoder (record-columns.test.ts). As there, the last of repeated fields counts,
 * and repeated messages are merged.
 */
export function readRecordColumns(bytes: Uint8Array): RecordColumns {
  const columns: RecordColumns = {
    timeNanos: undefined,
    severity: 0,
    severityText: NONE,
    service: NONE,
    message: NONE,
    attributes: undefined,
    traceId: NONE,
    http: undefined,
  };
  const walk = new ProtobufWalk(bytes);
  const time = { seconds: 0n, nanos: 0, isSet: false };
  while (walk.pos < bytes.length) {
    const tag = walk.number();
    if ((tag & 7) !== 2) {
      const value = walk.scalar(tag);
      if (tag >>> 3 === SEVERITY) columns.severity = int32(value);
      continue;
    }
    const end = walk.end();
    const field = tag >>> 3;
    if (field === MESSAGE) columns.message = walk.view(end);
    else if (field === SERVICE) columns.service = walk.view(end);
    else if (field === SEVERITY_TEXT) columns.severityText = walk.view(end);
    else if (field === TRACE_ID) columns.traceId = walk.view(end);
    else if (field === ATTRIBUTES) columns.attributes = joined(columns.attributes, walk.view(end));
    else if (field === TIME) readSeconds(walk, end, time);
    else if (field === HTTP) columns.http = readHttp(walk, end, columns.http);
    walk.pos = end;
  }
  if (time.isSet) columns.timeNanos = time.seconds * NANOS_PER_SECOND + BigInt(time.nanos);
  return columns;
}

function readHttp(walk: ProtobufWalk, end: number, before: HttpColumns | undefined): HttpColumns {
  const http = before ?? {
    clientIp: NONE,
    method: NONE,
    path: NONE,
    status: 0,
    latencyNanos: undefined,
    responseBytes: 0n,
  };
  const latency = { seconds: (http.latencyNanos ?? 0n) / NANOS_PER_SECOND, nanos: 0, isSet: false };
  latency.nanos = Number((http.latencyNanos ?? 0n) % NANOS_PER_SECOND);
  while (walk.pos < end) {
    const tag = walk.number();
    const field = tag >>> 3;
    if ((tag & 7) !== 2) {
      const value = walk.scalar(tag);
      if (field === STATUS) http.status = int32(value);
      else if (field === RESPONSE_BYTES) http.responseBytes = BigInt.asIntN(64, BigInt(value));
      continue;
    }
    const valueEnd = walk.end();
    if (field === CLIENT_IP) http.clientIp = walk.view(valueEnd);
    else if (field === METHOD) http.method = walk.view(valueEnd);
    else if (field === PATH) http.path = walk.view(valueEnd);
    else if (field === LATENCY) readSeconds(walk, valueEnd, latency);
    walk.pos = valueEnd;
  }
  if (latency.isSet) http.latencyNanos = latency.seconds * NANOS_PER_SECOND + BigInt(latency.nanos);
  return http;
}

/** Protobuf merges the bytes of two messages where they stand one behind the other. */
function joined(before: Uint8Array | undefined, bytes: Uint8Array): Uint8Array {
  return before ? Buffer.concat([before, bytes]) : bytes;
}

/** A Timestamp or a Duration. */
function readSeconds(walk: ProtobufWalk, end: number, into: { seconds: bigint; nanos: number; isSet: boolean }): void {
  into.isSet = true;
  while (walk.pos < end) {
    const tag = walk.number();
    if ((tag & 7) === 2) {
      walk.pos = walk.end();
      continue;
    }
    const value = walk.scalar(tag);
    if (tag >>> 3 === 1) into.seconds = BigInt.asIntN(64, BigInt(value));
    else if (tag >>> 3 === 2) into.nanos = int32(value);
  }
}

/** The low 32 bits, as a number with a sign. */
function int32(value: number | bigint): number {
  return typeof value === "number" ? value | 0 : Number(BigInt.asIntN(32, value));
}
