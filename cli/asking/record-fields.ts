import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type HttpRequest, type LogRecord, Severity } from "../../gen/logpulse/v1/log_record_pb.ts";
import type { StoredLog } from "../../gen/logpulse/v1/query_service_pb.ts";
import { durationToNanos, nanosToMs, nanosToText, timestampToNanos } from "../../services/domain/record-time.ts";
import { attributePairs } from "../attribute-pairs.ts";
import type { Field } from "../terminal/field-lines.ts";
import { bytesText, durationText, fullCountText } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { shownDayAndTime, zoneText } from "../time-text.ts";

/** Everything that a record has; what it does not have is empty. */
export function recordFields(log: StoredLog, terminal: Terminal): Field[] {
  const record = log.record!; // The server always sends it.
  return [
    ["id", log.id],
    ["time", timeText(record.time, terminal)],
    ["received", timeText(log.receivedTime, terminal)],
    ["level", levelText(record)],
    ["service", record.service],
    ["message", record.message],
    ["trace", record.traceId],
    ["span", record.spanId],
    ...(record.http ? requestFields(record.http) : []),
    ...attributePairs(record.attributes ?? {}).map(([path, value]): Field => [`attr.${path}`, value]),
    ["raw", record.raw ? `${bytesText(record.raw.length)} that are not UTF-8; --json has them` : ""],
  ];
}

/** With all stored digits, and beside it as people read it; empty without a time. */
export function timeText(time: Timestamp | undefined, { zone, isPlain }: Terminal): string {
  if (time === undefined) return "";
  const nanos = timestampToNanos(time);
  const text = nanosToText(nanos);
  const ms = nanosToMs(nanos);
  const zoneName = zoneText(ms, zone);
  return isPlain || zoneName === "UTC" ? text : `${text}  (${shownDayAndTime(ms, zone)} ${zoneName})`;
}

function levelText({ severity, severityText }: LogRecord): string {
  if (severity === Severity.UNSPECIFIED) return severityText;
  const word = Object.entries(Severity).find(([, number]) => number === severity)?.[0] ?? "";
  const name = `${word} (${severity})`.trimStart();
  return severityText === "" || severityText === word ? name : `${name}, as sent: ${severityText}`;
}

function requestFields({ method, path, protocol, status, latency, responseBytes, ...others }: HttpRequest): Field[] {
  return [
    ["method", method],
    ["path", path],
    ["protocol", protocol],
    ["status", String(status)],
    ["latency", latency ? durationText(Number(durationToNanos(latency)) / 1_000_000) : ""],
    ["bytes", responseBytes === 0n ? "0" : `${fullCountText(responseBytes)} (${bytesText(Number(responseBytes))})`],
    ["ip", others.clientIp],
    ["agent", others.userAgent],
    ["referer", others.referer],
  ];
}
