import { create, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { type LogRecord, LogRecordSchema, Severity } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { SERVICE_BYTES_MAX } from "../limits.ts";
import { nanosToTimestamp } from "../record-time.ts";
import { LEVEL_NAMES, takeLevel } from "./field-level.ts";
import { takeRequest } from "./field-request.ts";
import { TIME_NAMES, takeTime } from "./field-time.ts";
import { boundedTextOf } from "./field-values.ts";
import { attributesOf } from "./line-attributes.ts";
import { LineFields } from "./line-fields.ts";
import type { LineContext } from "./line-format.ts";
import { severityOfStatus } from "./request-record.ts";

/** Where loggers write the message; the first one that is a text and not empty counts. */
export const MESSAGE_NAMES: readonly string[] = [
  "message",
  "msg",
  "@m", // Serilog
  "short_message", // GELF
  "MESSAGE", // journald
  "body", // OpenTelemetry
  "event", // structlog
  "log",
];

/** Where loggers write the name of the service. */
export const SERVICE_NAMES: readonly string[] = [
  "service",
  "service.name",
  "service_name",
  "serviceName",
  "resource.service.name", // OpenTelemetry
  "resource.attributes.service.name",
  "SYSLOG_IDENTIFIER", // journald
];

/** Where loggers write the identity of a trace. */
export const TRACE_NAMES: readonly string[] = ["trace_id", "traceId", "trace.id", "TraceId", "@tr"];
/** Where loggers write the identity of a span. */
export const SPAN_NAMES: readonly string[] = ["span_id", "spanId", "span.id", "SpanId", "@sp"];

/** W3C trace context: lower-case hexadecimal digits, not all of them zero. */
const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;
const TRACEPARENT = /^[0-9a-f]{2}-(?!0+-)([0-9a-f]{32})-(?!0+-)([0-9a-f]{16})-[0-9a-f]{2}/;

/** Whether a line's field of this name says what the line is about: its time, its level or its message. */
export function isUsualName(name: string): boolean {
  return TIME_NAMES.includes(name) || LEVEL_NAMES.includes(name) || MESSAGE_NAMES.includes(name);
}

/**
 * The record of a line that has fields: those under a usual name become what the contract has for them, all others are
 * attributes. `line` is the message where no field is one. Takes the object over.
 */
export function recordOfFields(object: JsonObject, line: string, context: LineContext): LogRecord {
  const fields = new LineFields(object);
  const service = takeService(fields) ?? context.service; // First: it looks at the level.
  const level = takeLevel(fields);
  const time = takeTime(fields, context);
  const ids = takeIds(fields);
  const http = takeRequest(fields);
  const message = fields.take(MESSAGE_NAMES, textOf) ?? line;
  return create(LogRecordSchema, {
    time: time === undefined ? undefined : nanosToTimestamp(time),
    severity: level?.severity ?? (http ? severityOfStatus(http.status ?? 0) : Severity.UNSPECIFIED),
    severityText: level?.text,
    service,
    message: message.toWellFormed(),
    attributes: attributesOf(fields.rest),
    ...ids,
    http,
  });
}

function textOf(value: JsonValue): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** pino and bunyan write the name of the service as "name"; others mean that of the logger, or anything. */
function takeService(fields: LineFields): string | undefined {
  const isPino =
    typeof fields.get("level") === "number" ||
    (typeof fields.get("pid") === "number" && typeof fields.get("hostname") === "string");
  const names = isPino ? [...SERVICE_NAMES, "name"] : SERVICE_NAMES;
  return fields.take(names, (value) => boundedTextOf(value, SERVICE_BYTES_MAX));
}

/** Those that are no identities of W3C stay as they are, and so does a traceparent, which says more. */
function takeIds(fields: LineFields): { traceId?: string; spanId?: string } {
  const matching = (pattern: RegExp) => (value: JsonValue) =>
    typeof value === "string" && pattern.test(value) ? value : undefined;
  const traceparent = fields.get("traceparent");
  const [, traceId, spanId] = (typeof traceparent === "string" && TRACEPARENT.exec(traceparent)) || [];
  return {
    traceId: fields.take(TRACE_NAMES, matching(TRACE_ID)) ?? traceId,
    spanId: fields.take(SPAN_NAMES, matching(SPAN_ID)) ?? spanId,
  };
}
