import { create } from "@bufbuild/protobuf";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { LogPulseError } from "./errors.ts";
import { RECORD_TIME_SECONDS_MAX } from "./limits.ts";

const NANOS_PER_SECOND = 1_000_000_000n;
const NANOS_PER_MS = 1_000_000n;

// RFC 3339 §5.6 date-time; a space for the T is allowed there by agreement, and lower case t and z.
const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9})\d*)?([Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Nanoseconds since 1970-01-01T00:00:00Z, exactly. */
export function timestampToNanos(time: Timestamp): bigint {
  return time.seconds * NANOS_PER_SECOND + BigInt(time.nanos);
}

/** The message for nanoseconds since 1970; times before 1970 have negative seconds and nanos from 0 up. */
export function nanosToTimestamp(nanos: bigint): Timestamp {
  const rest = ((nanos % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND;
  return create(TimestampSchema, { seconds: (nanos - rest) / NANOS_PER_SECOND, nanos: Number(rest) });
}

/** A length of time in nanoseconds, exactly. */
export function durationToNanos(duration: Duration): bigint {
  return duration.seconds * NANOS_PER_SECOND + BigInt(duration.nanos);
}

/** Milliseconds of the clock as nanoseconds. */
export function msToNanos(ms: number): bigint {
  return BigInt(Math.trunc(ms)) * NANOS_PER_MS;
}

/** Nanoseconds as whole milliseconds of the clock; what is less than one is cut off. */
export function nanosToMs(nanos: bigint): number {
  return Number(nanos / NANOS_PER_MS);
}

/**
 * RFC 3339 in UTC with all nine digits: sorts as text and loses nothing.
 *
 * @throws RangeError where it is no time that a calendar has.
 */
export function nanosToText(nanos: bigint): string {
  const rest = ((nanos % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND;
  return timeText((nanos - rest) / NANOS_PER_SECOND, Number(rest));
}

/** The same of a message, whose nanos may lie outside of its second. @throws RangeError likewise. */
export function timestampToText({ seconds, nanos }: Timestamp): string {
  const isWithinSecond = nanos >= 0 && nanos < 1_000_000_000;
  return isWithinSecond ? timeText(seconds, nanos) : nanosToText(seconds * NANOS_PER_SECOND + BigInt(nanos));
}

// Records that follow each other are mostly of one second, and asking the calendar costs more than all the rest.
let lastSecond = { seconds: 0n, text: "1970-01-01T00:00:00" };

function timeText(seconds: bigint, nanos: number): string {
  if (lastSecond.seconds !== seconds) {
    lastSecond = { seconds, text: new Date(Number(seconds) * 1000).toISOString().slice(0, 19) };
  }
  return `${lastSecond.text}.${String(nanos).padStart(9, "0")}Z`;
}

/** Reads RFC 3339 to the nanosecond; undefined for anything else, impossible dates included. Leap second 60 is not taken. */
export function parseRfc3339(text: string): bigint | undefined {
  const parts = RFC_3339.exec(text);
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(ms);
  const same = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!same || year < 100) return undefined;
  const offsetHours = Number(parts[10] ?? 0);
  const offsetMinutes = Number(parts[11] ?? 0);
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000 * (parts[9] === "-" ? -1 : 1);
  return msToNanos(ms - offsetMs) + BigInt((parts[7] ?? "").padEnd(9, "0"));
}

/**
 * Reads a request's RFC 3339 field.
 *
 * @throws LogPulseError `invalid_request` naming the field, its value and the form wanted.
 */
export function requireRfc3339(field: string, text: string): bigint {
  const nanos = parseRfc3339(text);
  if (nanos === undefined || nanos < 0n || nanos / NANOS_PER_SECOND > BigInt(RECORD_TIME_SECONDS_MAX)) {
    throw new LogPulseError(
      "invalid_request",
      `${field} is "${text.slice(0, 100)}"; it must be a time like 2026-11-21T13:00:00Z, from 1970 to 2262-04-11`,
      { metadata: { field } },
    );
  }
  return nanos;
}
