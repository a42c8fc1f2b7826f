import { create, fromBinary, type JsonObject } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  type HttpRequest,
  HttpRequestSchema,
  type LogRecord,
  LogRecordSchema,
  type Severity,
} from "../../../gen/logpulse/v1/log_record_pb.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { nanosToText, nanosToTimestamp, parseRfc3339, timestampToText } from "../../domain/record-time.ts";
import { effectiveSeverity } from "../../domain/severity.ts";
import type { StoredRecord } from "../../domain/stored-record.ts";
import { wordsText } from "../../domain/words.ts";
import { splitAttributes } from "./attributes.ts";

/**
 * A record as people see it in Kibana, and from which it is read back exactly. 64-bit integers are text: JSON numbers
 * are doubles.
 */
export interface Source {
  time: string;
  received_time: string;
  tenant: string;
  producer: string;
  seq: number;
  /** What search goes by: as sent, or what the text means. */
  severity: Severity;
  /** As sent, where that is something else. */
  severity_sent?: Severity;
  severity_text: string;
  service: string;
  message: string;
  attributes?: JsonObject;
  attributes_unindexed?: JsonObject;
  trace_id?: string;
  span_id?: string;
  /** Base64. */
  raw?: string;
  http?: HttpSource;
  /** Base64 of the encoded record, where JSON cannot say all of it. */
  original?: string;
}

interface HttpSource {
  client_ip?: string;
  method?: string;
  path?: string;
  status: number;
  latency_nanos?: string;
  response_bytes?: string;
  user_agent?: string;
  referer?: string;
  protocol?: string;
}

/** What a record's document has of the record itself: of the source, and what search goes by beside it. */
interface RecordFields extends Omit<Source, keyof BatchSource | "seq"> {
  words: string;
  label_words: string;
  http?: HttpSource & { method_lower: string | undefined };
}

/** What all records of a batch have in common. */
type BatchSource = Pick<Source, "received_time" | "tenant" | "producer">;

const NANOS_PER_SECOND = 1_000_000_000n;

/**
 * The beginning of the documents of one batch, up to the seq. Written once: that is cheaper than once for each record.
 *
 * @throws RangeError where the received time is none that a calendar has; ingest writes no such time.
 */
export function documentHead({ tenant, producer, receivedNanos }: LoggedBatch): string {
  const common: BatchSource = { received_time: nanosToText(receivedNanos), tenant, producer };
  return `${JSON.stringify(common).slice(0, -1)},"seq":`;
}

/**
 * The document of one record, as JSON. `head`: of its batch.
 *
 * @throws RangeError where the record's time is none that a calendar has; ingest lets no such record through.
 */
export function documentJson(head: string, logged: LoggedRecord): string {
  return `${head}${logged.seq},${JSON.stringify(fieldsOf(logged)).slice(1)}`;
}

function fieldsOf(logged: LoggedRecord): RecordFields {
  const { record } = logged;
  const severity = effectiveSeverity(record);
  const attributes = record.attributes && splitAttributes(record.attributes);
  const exact = isPlain(record) && attributes?.exact !== false;
  return {
    time: timestampToText(record.time!), // LoggedRecord says that it is set.
    severity,
    severity_sent: severity === record.severity ? undefined : record.severity,
    severity_text: record.severityText,
    service: record.service,
    message: record.message,
    attributes: attributes?.indexed,
    attributes_unindexed: attributes?.unindexed,
    trace_id: record.traceId || undefined,
    span_id: record.spanId || undefined,
    raw: record.raw && toBase64(record.raw),
    http: record.http && toHttpSource(record.http),
    original: exact ? undefined : toBase64(logged.bytes),
    words: wordsText(record.message),
    label_words: labelWords(record),
  };
}

/** The words of service and severity text, apart by blanks. */
function labelWords({ service, severityText }: LogRecord): string {
  return `${wordsText(service)} ${wordsText(severityText)}`.trim();
}

function toHttpSource(http: HttpRequest): RecordFields["http"] {
  return {
    client_ip: http.clientIp || undefined,
    method: http.method || undefined,
    method_lower: http.method.toLowerCase() || undefined,
    path: http.path || undefined,
    status: http.status,
    latency_nanos: http.latency && String(durationNanos(http.latency)),
    response_bytes: http.responseBytes === 0n ? undefined : String(http.responseBytes),
    user_agent: http.userAgent || undefined,
    referer: http.referer || undefined,
    protocol: http.protocol || undefined,
  };
}

/** False where the record has something that the fields above do not tell: fields of a later version, odd nanoseconds. */
function isPlain({ $unknown, time, http }: LogRecord): boolean {
  const latency = http?.latency;
  if ($unknown ?? time?.$unknown ?? http?.$unknown ?? latency?.$unknown) return false;
  if (time && (time.nanos < 0 || time.nanos >= NANOS_PER_SECOND)) return false;
  return latency === undefined || Number(durationNanos(latency) % NANOS_PER_SECOND) === latency.nanos;
}

function durationNanos(duration: Duration): bigint {
  return duration.seconds * NANOS_PER_SECOND + BigInt(duration.nanos);
}

/** The record that a source was made of. */
export function fromSource(source: Source): StoredRecord {
  const timeNanos = parseTime(source.time);
  const record =
    source.original === undefined ? recordOf(source) : fromBinary(LogRecordSchema, fromBase64(source.original));
  record.time ??= nanosToTimestamp(timeNanos);
  return { producer: source.producer, seq: source.seq, record, receivedNanos: parseTime(source.received_time) };
}

function recordOf(source: Source): LogRecord {
  const { attributes, attributes_unindexed } = source;
  return create(LogRecordSchema, {
    time: nanosToTimestamp(parseTime(source.time)),
    severity: source.severity_sent ?? source.severity,
    severityText: source.severity_text,
    service: source.service,
    message: source.message,
    // Spread defines properties; Object.assign would set them, and "__proto__" is a key like any other.
    attributes: attributes_unindexed ? { ...attributes, ...attributes_unindexed } : attributes,
    traceId: source.trace_id ?? "",
    spanId: source.span_id ?? "",
    raw: source.raw === undefined ? undefined : fromBase64(source.raw),
    http: source.http && httpOf(source.http),
  });
}

function httpOf(source: HttpSource): HttpRequest {
  return create(HttpRequestSchema, {
    clientIp: source.client_ip,
    method: source.method,
    path: source.path,
    status: source.status,
    latency: source.latency_nanos === undefined ? undefined : durationOf(BigInt(source.latency_nanos)),
    responseBytes: BigInt(source.response_bytes ?? 0),
    userAgent: source.user_agent,
    referer: source.referer,
    protocol: source.protocol,
  });
}

/** Both parts have the sum's sign, as google.protobuf.Duration wants it. */
function durationOf(nanos: bigint): Duration {
  return create(DurationSchema, { seconds: nanos / NANOS_PER_SECOND, nanos: Number(nanos % NANOS_PER_SECOND) });
}

function parseTime(text: string): bigint {
  const nanos = parseRfc3339(text);
  if (nanos === undefined) throw new Error(`the index has "${text.slice(0, 100)}" for a time`);
  return nanos;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** A plain Uint8Array, as protobuf-es makes them, not a Buffer. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "base64"));
}
