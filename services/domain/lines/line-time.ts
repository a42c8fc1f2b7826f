import { msToNanos } from "../record-time.ts";
import { nanosOfWritten, recordNanos, type TimeContext } from "./calendar-time.ts";

/** A time that a text has. */
export interface TimeInLine {
  /** Since 1970. */
  nanos: bigint;
  /** Where the text goes on, behind the bracket that closes the time where there is one. */
  end: number;
}

const CLOCK = String.raw`(?<hour>[ \d]?\d):(?<minute>\d\d):(?<second>\d\d)(?:[.,](?<fraction>\d{1,9})\d*)?`;
// "CET [1234]" is how PostgreSQL writes local time: such letters say nothing that is known everywhere.
const ZONE = String.raw`(?:(?<zone>[Zz]|[+-][01]\d(?::?[0-5]\d)?| ?(?:UTC|GMT|Z)| [+-][01]\d:?[0-5]\d)| [A-Z]{3,5}(?= \[\d))?`;
const MONTH = "(?<monthName>[A-Z][a-z][a-z])";
const WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const END = String.raw`(?!\w)`;

/** Forms that begin with a digit. Their named parts are those of `nanosOfParts` and `nanosOfEpoch`. */
const DIGIT_FORMS = [
  // RFC 3339 and what is like it: log4j, Python, Elasticsearch, MariaDB, nginx, Go.
  String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[Tt ]${CLOCK}${ZONE}${END}`,
  String.raw`(?<year>\d{4})/(?<month>\d\d)/(?<day>\d\d) ${CLOCK}${ZONE}${END}`,
  String.raw`(?<shortYear>\d\d)(?<month>\d\d)(?<day>\d\d) ${CLOCK}${END}`, // Old MySQL.
  String.raw`(?<day>\d{1,2})(?<apart>[ /-])${MONTH}\k<apart>(?<year>\d{4})[ :]${CLOCK}${ZONE}${END}`, // Redis, Tomcat.
  String.raw`(?<epoch>[1-9]\d{9})(?<ms>\d{3})?(?:\.(?<fraction>\d{1,9})\d*)?(?=[\s\])|,;:])`, // Since 1970.
].map(sticky);

/** Forms that begin with a letter. */
const LETTER_FORMS = [
  String.raw`${MONTH} {1,2}(?<day>\d{1,2}) ${CLOCK}${ZONE}${END}`, // syslog
  String.raw`${MONTH} {1,2}(?<day>\d{1,2}),? (?<year>\d{4}),? ${CLOCK}(?:[ \u202f](?<half>[AP]M))?${ZONE}${END}`, // Java.
  String.raw`${WEEKDAY} ${MONTH} {1,2}(?<day>\d{1,2}) ${CLOCK}${ZONE} (?<year>\d{4})${END}`, // Apache, date
  String.raw`${WEEKDAY}, (?<day>\d{1,2}) ${MONTH} (?<year>\d{4}) ${CLOCK}${ZONE}${END}`, // RFC 5322
  String.raw`[DIWEF](?<year>\d{4})?(?<month>\d\d)(?<day>\d\d) ${CLOCK}${END}`, // klog and glog: the letter is the level.
].map(sticky);

const EPOCH_AHEAD_MS_MAX = 86_400_000; // Other numbers of ten digits stand at the beginning of lines too.

const [DIGIT_0, DIGIT_9, LETTER_A, LETTER_Z] = [0x30, 0x39, 0x41, 0x5a];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * The time that stands at a place of a text, in one of the forms that logs have, in brackets or not. Undefined where
 * there is none, or one that cannot be: February 30, or before 1970. Times without a zone are local.
 */
export function timeAt(text: string, at: number, context: TimeContext): TimeInLine | undefined {
  const isOpened = isOpening(text[at]);
  const found = bareTimeAt(text, isOpened ? at + 1 : at, context);
  if (found === undefined || !isOpened) return found;
  const isClosed = text[found.end] === (text[at] === "[" ? "]" : ")");
  return isClosed ? { nanos: found.nanos, end: found.end + 1 } : found;
}

/** Whether something in the form of a time stands at a place of a text; cheaper than `timeAt`, which looks whether it can be. */
export function hasTimeForm(text: string, at: number): boolean {
  const start = isOpening(text[at]) ? at + 1 : at;
  return formsFor(text, start).some((form) => {
    form.lastIndex = start;
    return form.test(text);
  });
}

function isOpening(character: string | undefined): boolean {
  return character === "[" || character === "(";
}

function formsFor(text: string, at: number): readonly RegExp[] {
  const code = text.charCodeAt(at);
  if (code >= DIGIT_0 && code <= DIGIT_9) return DIGIT_FORMS;
  return code >= LETTER_A && code <= LETTER_Z ? LETTER_FORMS : [];
}

function bareTimeAt(text: string, at: number, context: TimeContext): TimeInLine | undefined {
  for (const form of formsFor(text, at)) {
    form.lastIndex = at;
    const parts = form.exec(text)?.groups;
    const nanos = parts && (parts.epoch === undefined ? nanosOfParts(parts, context) : nanosOfEpoch(parts, context));
    if (nanos !== undefined) return { nanos, end: form.lastIndex };
  }
  return undefined;
}

type Parts = Record<string, string | undefined>;

function nanosOfParts(parts: Parts, context: TimeContext): bigint | undefined {
  const hour = hourOfDay(Number(parts.hour), parts.half);
  if (hour === undefined) return undefined;
  const year = parts.shortYear === undefined ? parts.year : `20${parts.shortYear}`;
  const written = {
    year: year === undefined ? undefined : Number(year),
    month: parts.monthName === undefined ? Number(parts.month) : MONTHS.indexOf(parts.monthName) + 1,
    day: Number(parts.day),
    hour,
    minute: Number(parts.minute),
    second: Number(parts.second),
    fraction: parts.fraction ?? "",
    zone: parts.zone,
  };
  return nanosOfWritten(written, context);
}

function hourOfDay(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour;
  return hour >= 1 && hour <= 12 ? (hour % 12) + (half === "PM" ? 12 : 0) : undefined;
}

function nanosOfEpoch({ epoch, ms = "", fraction = "" }: Parts, context: TimeContext): bigint | undefined {
  const nanos = recordNanos(BigInt(epoch! + (ms + fraction).slice(0, 9).padEnd(9, "0")));
  const latest = msToNanos(context.nowMs + EPOCH_AHEAD_MS_MAX);
  return nanos !== undefined && nanos <= latest ? nanos : undefined;
}

function sticky(form: string): RegExp {
  return new RegExp(form, "y");
}
