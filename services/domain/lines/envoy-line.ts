import type { LogRecord } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { parseRfc3339 } from "../record-time.ts";
import { readFirstLine } from "./first-line.ts";
import type { LineContext, LineFormat, LineProblem } from "./line-format.ts";
import { durationOfNanos, orNothing, requestRecord } from "./request-record.ts";
import { textLine } from "./text-line.ts";

/**
 * Envoy's access log where no format is configured, as of envoyproxy.io/docs/envoy/latest/configuration/observability/
 * access_log/usage, and Istio's, which has three more parts behind the response flags and some more at the end. Envoy's
 * JSON is read by the format "json".
 */
export const envoyLine: LineFormat = {
  name: "envoy",
  title: "Envoy access log",
  read: (text, context) => readFirstLine(text, (line) => readLine(line, context)),
  beginsRecord: textLine.beginsRecord,
};

const TIME = /^\[(\d{4}-\d\d-\d\dT[^\] ]{1,30})\] (?=")/;
const PARTS = 12;
const ISTIO_PARTS = 3;

function readLine(line: string, context: LineContext): LogRecord | LineProblem {
  const time = TIME.exec(line);
  if (!time) return { field: "line", reason: 'does not begin with [TIME] "METHOD PATH PROTOCOL"' };
  const timeNanos = parseRfc3339(time[1]!);
  if (timeNanos === undefined) return { field: "time", reason: `is "${time[1]}"; wanted an RFC 3339 time` };
  const parts = splitParts(line.slice(time[0].length));
  const [request = "", status = "", flags, ...behindFlags] = parts;
  if (!/^\d{1,3}$/.test(status))
    return { field: "http.status", reason: `is "${status.slice(0, 60)}"; wanted a number` };
  const isIstio = !isCount(behindFlags[0]);
  const rest = behindFlags.slice(isIstio ? ISTIO_PARTS : 0);
  const [received, sent, durationMs, upstreamMs, forwardedFor, userAgent, requestId, authority, upstream] = rest;
  if (upstream === undefined || !isCount(received) || !isCount(sent)) return partsProblem(parts.length);
  return requestRecord({
    line,
    timeNanos,
    service: context.service,
    http: {
      clientIp: lastAddress(orNothing(forwardedFor)),
      ...requestParts(request),
      status: Number(status),
      latency: isCount(durationMs) ? durationOfNanos(BigInt(durationMs!) * 1_000_000n) : undefined,
      responseBytes: BigInt(sent!),
      userAgent: orNothing(userAgent),
    },
    more: {
      response_flags: flags,
      response_code_details: isIstio ? behindFlags[0] : undefined,
      bytes_received: Number(received),
      upstream_service_time_ms: isCount(upstreamMs) ? Number(upstreamMs) : undefined,
      forwarded_for: forwardedFor,
      request_id: requestId,
      authority,
      upstream_host: upstream,
    },
  });
}

/** Parts apart by blanks. Envoy escapes nothing, so a quoted part ends where a blank or nothing follows the quote. */
function splitParts(text: string): string[] {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const isQuoted = text[at] === '"';
    const end = isQuoted ? text.indexOf('" ', at + 1) : text.indexOf(" ", at);
    const last = text.length - (isQuoted && text.endsWith('"') ? 1 : 0);
    parts.push(text.slice(isQuoted ? at + 1 : at, end < 0 ? last : end));
    if (end < 0) break;
    at = end + (isQuoted ? 2 : 1);
  }
  return parts;
}

function isCount(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,15}$/.test(text);
}

/** "METHOD PATH PROTOCOL"; "-" stands for what a connection that is no HTTP does not have. */
function requestParts(request: string): { method: string; path: string; protocol: string } {
  const [method, path, protocol] = request.split(" ");
  return { method: orNothing(method), path: orNothing(path), protocol: orNothing(protocol) };
}

/** Of "a, b, c" the one that a proxy has seen itself: what stands before it is what the caller claims. */
function lastAddress(forwardedFor: string): string {
  return forwardedFor.slice(forwardedFor.lastIndexOf(",") + 1).trim();
}

function partsProblem(count: number): LineProblem {
  return { field: "line", reason: `has ${count} parts behind the time; wanted ${PARTS} of Envoy's default format` };
}
