import { toBinary } from "@bufbuild/protobuf";
import { type HttpRequest, type LogRecord, LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import {
  HTTP_LONG_BYTES_MAX,
  HTTP_SHORT_BYTES_MAX,
  HTTP_STATUS_MAX,
  LATENCY_SECONDS_MAX,
  RECORD_BYTES_MAX,
  RECORD_TIME_NANOS_MAX,
  RESPONSE_BYTES_MAX,
  SERVICE_BYTES_MAX,
  SEVERITY_TEXT_BYTES_MAX,
} from "../limits.ts";
import { timestampToNanos } from "../record-time.ts";
import type { LineProblem } from "./line-format.ts";

/** Of a JavaScript string's UTF-16 unit, in UTF-8. */
const BYTES_PER_UNIT_MAX = 3;

/** A text of so many UTF-16 units makes a record of twelve times as many bytes at most: a list of small numbers does. */
const RECORD_BYTES_PER_UNIT_MAX = 12;

/**
 * The first rule of the contract that a record breaks by what stood in its text, or undefined. So callers can keep the text
 * in another way before the record is rejected for ever. `textLength`: UTF-16 units of that text.
 */
export function recordProblem(record: LogRecord, textLength: number): LineProblem | undefined {
  return (
    timeProblem(record) ??
    serviceProblem(record) ??
    severityTextProblem(record) ??
    (record.http && requestProblem(record.http)) ??
    sizeProblem(record, textLength)
  );
}

/** The same of one field alone, as the others here. */
export function timeProblem({ time }: LogRecord): LineProblem | undefined {
  if (!time) return undefined;
  const nanos = timestampToNanos(time);
  if (nanos >= 0n && nanos <= RECORD_TIME_NANOS_MAX) return undefined;
  return { field: "time", reason: "is not from 1970 to 2262-04-11" };
}

export function serviceProblem({ service }: LogRecord): LineProblem | undefined {
  return lengthProblem("service", service, SERVICE_BYTES_MAX);
}

export function severityTextProblem({ severityText }: LogRecord): LineProblem | undefined {
  return lengthProblem("severity_text", severityText, SEVERITY_TEXT_BYTES_MAX);
}

function requestProblem(http: HttpRequest): LineProblem | undefined {
  return (
    lengthProblem("http.client_ip", http.clientIp, HTTP_SHORT_BYTES_MAX) ??
    lengthProblem("http.method", http.method, HTTP_SHORT_BYTES_MAX) ??
    lengthProblem("http.path", http.path, HTTP_LONG_BYTES_MAX) ??
    numberProblem("http.status", http.status, HTTP_STATUS_MAX) ??
    numberProblem("http.latency", Number(http.latency?.seconds ?? 0n), LATENCY_SECONDS_MAX) ??
    numberProblem("http.response_bytes", Number(http.responseBytes), RESPONSE_BYTES_MAX) ??
    lengthProblem("http.user_agent", http.userAgent, HTTP_LONG_BYTES_MAX) ??
    lengthProblem("http.referer", http.referer, HTTP_LONG_BYTES_MAX) ??
    lengthProblem("http.protocol", http.protocol, HTTP_SHORT_BYTES_MAX)
  );
}

function lengthProblem(field: string, text: string, bytesMax: number): LineProblem | undefined {
  if (text.length * BYTES_PER_UNIT_MAX <= bytesMax) return undefined;
  const bytes = Buffer.byteLength(text);
  return bytes > bytesMax ? { field, reason: `is ${bytes} bytes long; the limit is ${bytesMax}` } : undefined;
}

function numberProblem(field: string, value: number, max: number): LineProblem | undefined {
  return value < 0 || value > max ? { field, reason: `is ${value}; it must be from 0 to ${max}` } : undefined;
}

function sizeProblem(record: LogRecord, textLength: number): LineProblem | undefined {
  if (textLength * RECORD_BYTES_PER_UNIT_MAX <= RECORD_BYTES_MAX) return undefined;
  const bytes = toBinary(LogRecordSchema, record).length;
  if (bytes <= RECORD_BYTES_MAX) return undefined;
  return { field: "line", reason: `makes a record of ${bytes} bytes; the limit is ${RECORD_BYTES_MAX}` };
}
