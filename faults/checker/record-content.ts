import { hash } from "node:crypto";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";

/** All that a record says, whatever it was read from. */
export interface Content {
  /** Nanoseconds since 1970; undefined where the sender left it to the server. */
  timeNanos: bigint | undefined;
  severity: number;
  severityText: string;
  service: string;
  message: string;
  attributes: JsonObject | undefined;
  traceId: string;
  spanId: string;
  raw: Uint8Array | undefined;
  http: HttpContent | undefined;
  /** Fields that our contract does not know. */
  unknownFields: number;
}

export interface HttpContent {
  clientIp: string;
  method: string;
  path: string;
  status: number;
  latencyNanos: bigint | undefined;
  responseBytes: bigint;
  userAgent: string;
  referer: string;
  protocol: string;
}

const NANOS_PER_SECOND = 1_000_000_000n;
const HASH_BYTES = 6;

/** The content of a decoded record. */
export function contentOf(record: LogRecord): Content {
  const { time, http } = record;
  return {
    timeNanos: time && time.seconds * NANOS_PER_SECOND + BigInt(time.nanos),
    severity: record.severity,
    severityText: record.severityText,
    service: record.service,
    message: record.message,
    attributes: record.attributes,
    traceId: record.traceId,
    spanId: record.spanId,
    raw: record.raw,
    http: http && {
      clientIp: http.clientIp,
      method: http.method,
      path: http.path,
      status: http.status,
      latencyNanos: http.latency && http.latency.seconds * NANOS_PER_SECOND + BigInt(http.latency.nanos),
      responseBytes: http.responseBytes,
      userAgent: http.userAgent,
      referer: http.referer,
      protocol: http.protocol,
    },
    unknownFields: (record.$unknown?.length ?? 0) + (http?.$unknown?.length ?? 0),
  };
}

/**
 * 48 bits of SHA-256 of the content's one written form: fields in the order of the contract, attribute keys sorted. Two
 * contents that differ in anything differ in it but for one case in 2^48.
 */
export function contentHash(content: Content): number {
  return hash("sha256", canonicalText(content), "buffer").readUIntBE(0, HASH_BYTES);
}

/** The written form. Absent and empty differ; -0 and 0 differ. */
export function canonicalText(content: Content): string {
  const { timeNanos, attributes, raw, http } = content;
  const fields = [
    timeNanos ?? "absent",
    content.severity,
    text(content.severityText),
    text(content.service),
    text(content.message),
    attributes ? canonicalJson(attributes) : "absent",
    text(content.traceId),
    text(content.spanId),
    raw ? `x${Buffer.from(raw).toString("hex")}` : "absent",
    http ? canonicalHttp(http) : "absent",
    content.unknownFields,
  ];
  return fields.join("\n");
}

function canonicalHttp(http: HttpContent): string {
  const numbers = [http.status, http.latencyNanos ?? "absent", http.responseBytes];
  const texts = [http.clientIp, http.method, http.path, http.userAgent, http.referer, http.protocol];
  return [...numbers, ...texts.map(text)].join(",");
}

function canonicalJson(value: JsonValue): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return String(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${text(key)}:${canonicalJson(value[key]!)}`).join(",")}}`;
}

/** With its length, so that no text can look like the beginning of what follows it. */
function text(value: string): string {
  return `${value.length}:${value}`;
}

const SEVERITY_OF_WORD = new Map(Object.entries({ trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 }));

/** What search must go by: the number as sent, or, where it is 0, what the usual level word means. */
export function severityForSearch({ severity, severityText }: Content): number {
  return severity !== 0 ? severity : (SEVERITY_OF_WORD.get(severityText.toLowerCase()) ?? 0);
}
