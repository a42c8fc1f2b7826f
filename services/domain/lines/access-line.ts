import type { LogRecord } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { HTTP_STATUS_MAX, LINE_BYTES_MAX } from "../limits.ts";
import { parseRfc3339 } from "../record-time.ts";
import { readFirstLine } from "./first-line.ts";
import type { LineFormat, LineProblem } from "./line-format.ts";
import { durationOfNanos, requestRecord } from "./request-record.ts";
import { textLine } from "./text-line.ts";

const PARTS = 6;
const LATENCY = /^(\d{1,10})(?:\.(\d{1,6}))?ms$/;

/** Lines of an access log with a latency, as generators and small services write them. */
export const accessLine: LineFormat = {
  name: "access",
  title: "access log: TIME ADDRESS METHOD PATH STATUS LATENCYms",
  read: (text, context) => readFirstLine(text, (line) => parseAccessLine(line, context.service)),
  beginsRecord: textLine.beginsRecord,
};

/**
 * Reads `<RFC 3339 time> <client address> <method> <path> <status> <latency>ms`, fields apart by one space.
 *
 * The record's message is the line itself; its severity comes from the status (5xx error, 4xx warning, else info).
 */
export function parseAccessLine(line: string, service = ""): LogRecord | LineProblem {
  if (line.length > LINE_BYTES_MAX) {
    return { field: "line", reason: `is ${line.length} characters long; the limit is ${LINE_BYTES_MAX}` };
  }
  const parts = line.replace(/\r?\n$/, "").split(" ");
  if (parts.length !== PARTS) {
    return {
      field: "line",
      reason: `has ${parts.length} fields; wanted ${PARTS}: TIME ADDRESS METHOD PATH STATUS LATENCYms`,
    };
  }
  const [timeText, clientIp, method, path, statusText, latencyText] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const timeNanos = parseRfc3339(timeText);
  if (timeNanos === undefined) return problem("time", timeText, "an RFC 3339 time like 2026-11-21T13:00:00Z");
  if (clientIp === "") return problem("http.client_ip", clientIp, "an address");
  if (method === "") return problem("http.method", method, "a method");
  const status = /^\d{1,3}$/.test(statusText) ? Number(statusText) : Number.NaN;
  if (!(status <= HTTP_STATUS_MAX)) return problem("http.status", statusText, `a number from 0 to ${HTTP_STATUS_MAX}`);
  const latency = LATENCY.exec(latencyText);
  if (!latency) return problem("http.latency", latencyText, 'milliseconds with "ms" behind, like 12ms');
  return requestRecord({
    line: parts.join(" "),
    timeNanos,
    service,
    http: { clientIp, method, path, status, latency: durationOfMs(latency[1]!, latency[2]) },
    more: {},
  });
}

function durationOfMs(wholeMs: string, fraction = "") {
  return durationOfNanos(BigInt(wholeMs) * 1_000_000n + BigInt(fraction.padEnd(6, "0")));
}

function problem(field: string, value: string, wanted: string): LineProblem {
  return { field, reason: `is "${value.slice(0, 60)}"; wanted ${wanted}` };
}
