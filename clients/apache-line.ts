import { create } from "@bufbuild/protobuf";
import { HttpRequestSchema, type LogRecord, LogRecordSchema, Severity } from "../gen/logpulse/v1/log_record_pb.ts";
import { nanosToTimestamp, parseRfc3339 } from "../services/domain/record-time.ts";

/**
 * Apache's combined log format (httpd.apache.org/docs/2.4/logs.html#combined): address, identity, user, [time],
 * "request", status, bytes, "referer", "user agent"; the last two may be missing (common log format). Quotes inside a
 * quoted field are escaped with a backslash.
 */
const COMBINED =
  /^(\S+) \S+ .*? \[(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?/;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Reads one line as a record, whose message is the line; undefined for a line of another form. */
export function parseApacheLine(line: string, service: string): LogRecord | undefined {
  const parts = COMBINED.exec(line);
  if (!parts) return undefined;
  const [, clientIp, day, monthName, year, clock, zoneHours, zoneMinutes, request, statusText, size, referer, agent] =
    parts;
  const month = String(MONTHS.indexOf(monthName!) + 1).padStart(2, "0");
  const time = parseRfc3339(`${year}-${month}-${day}T${clock}${zoneHours}:${zoneMinutes}`);
  if (time === undefined) return undefined;
  const status = Number(statusText);
  return create(LogRecordSchema, {
    time: nanosToTimestamp(time),
    severity: status >= 500 ? Severity.ERROR : status >= 400 ? Severity.WARN : Severity.INFO,
    service,
    message: line,
    http: create(HttpRequestSchema, {
      clientIp,
      ...requestParts(request!),
      status,
      responseBytes: size === "-" ? 0n : BigInt(size!),
      referer: referer === "-" ? "" : referer,
      userAgent: agent === "-" ? "" : agent,
    }),
  });
}

/** "GET /path HTTP/1.1"; a request that is not of this form is all path. */
function requestParts(request: string): { method: string; path: string; protocol: string } {
  const parts = /^(\S+) (.*) (\S+)$/.exec(request);
  return parts
    ? { method: parts[1]!, path: parts[2]!, protocol: parts[3]! }
    : { method: "", path: request, protocol: "" };
}
