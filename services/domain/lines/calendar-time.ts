import { RECORD_TIME_NANOS_MAX } from "../limits.ts";
import { msToNanos } from "../record-time.ts";
import type { LineContext } from "./line-format.ts";

/** A day and a time of day as a line writes them, in numbers. */
export interface WrittenTime {
  /** Undefined where the line leaves it out. */
  year: number | undefined;
  /** From 1. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Digits behind the second, nine at most. */
  fraction: string;
  /** "Z", "UTC", "GMT", "+02", "+0200", "+02:00"; undefined for local time. */
  zone: string | undefined;
}

/** What a written time needs to become a moment. */
export type TimeContext = Pick<LineContext, "nowMs" | "offsetMinutes">;

const DAY_MS = 86_400_000;
const YEARS_BACK_MAX = 8; // Around 2100 so many lie between one February 29 and the next.

/**
 * Nanoseconds since 1970; undefined for a time that does not exist (month 13, February 30, second 60) or that a record
 * cannot have.
 *
 * Without a year it is the latest such time that lies no more than a day after now.
 */
export function nanosOfWritten(written: WrittenTime, context: TimeContext): bigint | undefined {
  if (written.year !== undefined) return nanosOfYear(written, written.year, context);
  const thisYear = new Date(context.nowMs).getUTCFullYear();
  const latest = msToNanos(context.nowMs + DAY_MS);
  for (let year = thisYear + 1; year >= thisYear - YEARS_BACK_MAX; year--) {
    const nanos = nanosOfYear(written, year, context);
    if (nanos !== undefined && nanos <= latest) return nanos;
  }
  return undefined;
}

function nanosOfYear(written: WrittenTime, year: number, context: TimeContext): bigint | undefined {
  const { month, day, hour, minute, second, fraction, zone } = written;
  const exists = day >= 1 && day <= daysOf(year, month) && hour < 24 && minute < 60 && second < 60;
  if (!exists || year < 1970) return undefined;
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const offset = zone === undefined ? Math.round(context.offsetMinutes(localMs)) : offsetOfZone(zone);
  return recordNanos(msToNanos(localMs - offset * 60_000) + BigInt(fraction.padEnd(9, "0")));
}

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** How many days a month has; 0 for one that is none. */
function daysOf(year: number, month: number): number {
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeapYear ? 29 : (DAYS_OF_MONTH[month - 1] ?? 0);
}

/** The same, or undefined where a record cannot have this time. */
export function recordNanos(nanos: bigint): bigint | undefined {
  return nanos >= 0n && nanos <= RECORD_TIME_NANOS_MAX ? nanos : undefined;
}

/** Minutes that the zone is ahead of UTC. */
function offsetOfZone(zone: string): number {
  const digits = zone.replace(/\D/g, "");
  if (digits === "") return 0;
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return zone.includes("-") ? -minutes : minutes;
}
