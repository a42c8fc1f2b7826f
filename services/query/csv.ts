import type { ExportEnd, StoredLog } from "../../gen/logpulse/v1/query_service_pb.ts";
import { durationToNanos, nanosToText, timestampToNanos } from "../domain/record-time.ts";

type Cell = string | number | bigint | undefined;

const COLUMNS: Readonly<Record<string, (log: StoredLog) => Cell>> = {
  id: ({ id }) => id,
  time: ({ record }) => record?.time && nanosToText(timestampToNanos(record.time)),
  received_time: ({ receivedTime }) => receivedTime && nanosToText(timestampToNanos(receivedTime)),
  severity: ({ record }) => record?.severity,
  level: ({ record }) => record?.severityText,
  service: ({ record }) => record?.service,
  message: ({ record }) => record?.message,
  trace_id: ({ record }) => record?.traceId,
  span_id: ({ record }) => record?.spanId,
  client_ip: ({ record }) => record?.http?.clientIp,
  method: ({ record }) => record?.http?.method,
  path: ({ record }) => record?.http?.path,
  status: ({ record }) => record?.http?.status,
  latency_ms: ({ record }) => record?.http?.latency && millisText(durationToNanos(record.http.latency)),
  response_bytes: ({ record }) => record?.http?.responseBytes,
  user_agent: ({ record }) => record?.http?.userAgent,
  referer: ({ record }) => record?.http?.referer,
  protocol: ({ record }) => record?.http?.protocol,
  attributes: ({ record }) => record?.attributes && JSON.stringify(record.attributes),
};

/** The first line: the names of the columns. */
export function csvHeader(): string {
  return line(Object.keys(COLUMNS));
}

/** The line of a record. */
export function csvLine(log: StoredLog): string {
  return line(Object.values(COLUMNS).map((cell) => cell(log)));
}

/** The last line: how the export ended. */
export function csvEnd({ complete, records, reason, resumeToken }: ExportEnd): string {
  const more = complete ? [] : [resumeToken];
  return line(["#end", complete ? "complete" : "incomplete", `${records} records`, reason, ...more]);
}

/** RFC 4180: cells apart by commas, lines ended by CRLF. */
function line(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(",")}\r\n`;
}

/**
 * A text that a spreadsheet would run as a formula gets an apostrophe, which it takes for "this is text" (OWASP, CSV
 * injection): log lines are written by strangers. Numbers are ours.
 */
function cellText(cell: Cell): string {
  if (typeof cell !== "string") return cell === undefined ? "" : String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Milliseconds with all digits that there are: "0.000001" for a nanosecond. */
function millisText(nanos: bigint): string {
  const digits = String(nanos < 0n ? -nanos : nanos).padStart(7, "0");
  const rest = digits.slice(-6).replace(/0+$/, "");
  return `${nanos < 0n ? "-" : ""}${digits.slice(0, -6)}${rest ? `.${rest}` : ""}`;
}
