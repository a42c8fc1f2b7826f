import type { HttpRequest, LogRecord } from "../gen/logpulse/v1/log_record_pb.ts";
import type { StoredLog } from "../gen/logpulse/v1/query_service_pb.ts";
import {
  RECORD_LINE_MESSAGE_CHARACTERS_MAX,
  RECORD_LINE_PAIRS_MAX,
  RECORD_LINE_VALUE_CHARACTERS_MAX,
} from "../services/domain/limits.ts";
import { durationToNanos, nanosToMs, nanosToText, timestampToNanos } from "../services/domain/record-time.ts";
import { effectiveSeverity, severityOfWord } from "../services/domain/severity.ts";
import { attributePairs } from "./attribute-pairs.ts";
import { coloured } from "./terminal/colours.ts";
import { drawnText } from "./terminal/drawn-text.ts";
import { levelMark } from "./terminal/level-mark.ts";
import { countText, durationText } from "./terminal/number-text.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { shownTime } from "./time-text.ts";

/** How records are shown. */
export interface RecordView {
  terminal: Terminal;
  /** Times of another day than this one's have their date before them. */
  nowMs: number;
  /** Whether each line ends with the record's id. */
  withId: boolean;
}

/** Name and value, as they stand in a line. */
type Pair = readonly [name: string, value: string];

/**
 * A record on one line: `10:42:07.298 W auth  slow login  status=504 latency=1.24s path=/login`. Everything that a
 * terminal would obey is drawn. On a terminal a long message is cut, which the line says.
 */
export function recordLine(log: StoredLog, view: RecordView): string {
  const { out, isPlain } = view.terminal;
  const record = log.record!; // The server always sends it.
  const mark = levelMark(effectiveSeverity(record));
  const service = drawnText(record.service) || "-";
  const pairs = pairsOf(record)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
  const id = view.withId ? [drawnText(log.id)] : [];
  if (isPlain) {
    const time = nanosToText(timestampToNanos(record.time!));
    return [time, mark.letter, service, drawnText(record.message), pairs, ...id].join("\t");
  }
  const time = shownTime(nanosToMs(timestampToNanos(record.time!)), view.nowMs, view.terminal.zone);
  const head = `${coloured(time, "dim", out)} ${coloured(mark.letter, mark.colour, out)} ${service}`;
  const message = out.isTty ? shownMessage(record.message) : drawnText(record.message);
  const parts = [message, pairs && coloured(pairs, "dim", out), ...id];
  return [head, ...parts.filter((part) => part !== "")].join("  ");
}

function shownMessage(message: string): string {
  const over = message.length - RECORD_LINE_MESSAGE_CHARACTERS_MAX;
  if (over <= 0) return drawnText(message);
  return `${drawnText(message.slice(0, -over).toWellFormed())}… (${countText(over)} more characters)`;
}

function pairsOf(record: LogRecord): Pair[] {
  const level = severityOfWord(record.severityText) === undefined ? record.severityText : "";
  const pairs: Pair[] = [
    ...(level === "" ? [] : [pair("level", level)]),
    ...(record.http ? requestPairs(record.http, record.message) : []),
    ...attributePairs(record.attributes ?? {}).map(([path, value]) => pair(path, value)),
  ];
  const shown = pairs.slice(0, RECORD_LINE_PAIRS_MAX);
  if (pairs.length > shown.length) shown.push(["…", `${pairs.length - shown.length} more`]);
  return shown;
}

/** None where the message is the line of an access log, which says all of it. */
function requestPairs({ status, latency, method, path, clientIp }: HttpRequest, message: string): Pair[] {
  if (path !== "" && message.includes(path) && message.includes(String(status))) return [];
  return [
    pair("status", String(status)),
    ...(latency ? [pair("latency", shortDuration(nanosToMs(durationToNanos(latency) * 1_000n) / 1_000))] : []),
    ...(method ? [pair("method", method)] : []),
    ...(path ? [pair("path", path)] : []),
    ...(clientIp ? [pair("ip", clientIp)] : []),
  ];
}

function shortDuration(ms: number): string {
  return durationText(ms).replaceAll(" ", "");
}

function pair(name: string, value: string): Pair {
  const cut = value.length > RECORD_LINE_VALUE_CHARACTERS_MAX;
  const text = cut ? `${value.slice(0, RECORD_LINE_VALUE_CHARACTERS_MAX).toWellFormed()}…` : value;
  return [bare(name), bare(text)];
}

/** In quotes where it has blanks or marks that would make it look like several. */
function bare(text: string): string {
  return drawnText(/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text));
}
