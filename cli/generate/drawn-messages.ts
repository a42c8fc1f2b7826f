import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  type HttpRequest,
  HttpRequestSchema,
  type LogRecord,
  LogRecordSchema,
  Severity,
} from "../../gen/logpulse/v1/log_record_pb.ts";
import { msToNanos, nanosToTimestamp } from "../../services/domain/record-time.ts";
import { type DrawnAccess, writeAccessLine } from "./access-draw.ts";
import type { DrawnRecord, DrawnRequest } from "./application-draw.ts";

const NANOS_PER_MS = 1_000_000;
const MS_PER_S = 1_000;

/** The record that `POST /upload` makes of the line. */
export function accessRecord(timeMs: number, access: DrawnAccess): LogRecord {
  const { status } = access;
  return create(LogRecordSchema, {
    time: nanosToTimestamp(msToNanos(timeMs)),
    severity: status >= 500 ? Severity.ERROR : status >= 400 ? Severity.WARN : Severity.INFO,
    message: writeAccessLine(timeMs, access),
    http: httpRequest({ ...access, responseBytes: 0 }), // The line does not say.
  });
}

/** A record of an application. */
export function applicationRecord(timeMs: number, { level, http, ...same }: DrawnRecord): LogRecord {
  return create(LogRecordSchema, {
    ...same,
    time: nanosToTimestamp(msToNanos(timeMs)),
    severity: Severity[level],
    severityText: level,
    http: http && httpRequest(http),
  });
}

function httpRequest({ latencyMs, responseBytes, ...same }: DrawnRequest): HttpRequest {
  const seconds = Math.floor(latencyMs / MS_PER_S);
  const nanos = (latencyMs - seconds * MS_PER_S) * NANOS_PER_MS;
  const latency = create(DurationSchema, { seconds: BigInt(seconds), nanos });
  return create(HttpRequestSchema, { ...same, latency, responseBytes: BigInt(responseBytes) });
}
