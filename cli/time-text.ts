import { msToNanos, parseRfc3339 } from "../services/domain/record-time.ts";
import { parseDuration } from "./parse-duration.ts";

/** The zone in which people write and read times: that of this machine, or UTC. */
export type Zone = "local" | "utc";

const DAY_AND_TIME = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?$/;
const TIME_OF_DAY = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;

/** The forms that `readTime` knows, for messages and help. */
export const TIME_FORMS = "-15m, now, 10:42 (today), 2026-03-01, 2026-03-01T10:42:07 or RFC 3339";

/**
 * Reads a time as people write it, in nanoseconds since 1970: RFC 3339, `now`, `-15m` (so long ago), `2026-03-01`
 * (its beginning), `2026-03-01T10:42:07.5`, `10:42` and `10:42:07` (today). Those without an offset are in the zone.
 * Undefined for anything else, and for days and times that do not exist.
 */
export function readTime(text: string, nowMs: number, zone: Zone): bigint | undefined {
  if (text === "now") return msToNanos(nowMs);
  if (text.startsWith("-")) {
    const ms = parseDuration(text.slice(1));
    return ms === undefined ? undefined : msToNanos(nowMs - ms);
  }
  const day = DAY_AND_TIME.exec(text);
  if (day) return nanosOf(day.slice(1, 4).map(Number), day.slice(4), zone);
  const time = TIME_OF_DAY.exec(text);
  if (time) return nanosOf(dayOf(nowMs, zone), time.slice(1), zone);
  return parseRfc3339(text);
}

/** Minutes that the zone is ahead of UTC at a moment, as "UTC+02:00"; "UTC" alone where it is that. */
export function zoneText(ms: number, zone: Zone): string {
  const minutes = zone === "utc" ? 0 : -new Date(ms).getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? "-" : "+"}${twoDigits(hours)}:${twoDigits(rest)}`;
}

/**
 * `10:42:07.298` in the zone, behind its date where that is not the day of `nowMs`. What is less than a millisecond
 * is cut off.
 */
export function shownTime(ms: number, nowMs: number, zone: Zone): string {
  const [day, time] = localText(ms, zone);
  return day === localText(nowMs, zone)[0] ? time : `${day} ${time}`;
}

/** The same without the zeros of a whole minute or second: `10:42`, `10:42:07`. */
export function briefTime(ms: number, nowMs: number, zone: Zone): string {
  return shownTime(ms, nowMs, zone).replace(/(:00)?\.000$/, "");
}

/** `2026-03-01 10:42:07.298` in the zone. */
export function shownDayAndTime(ms: number, zone: Zone): string {
  return localText(ms, zone).join(" ");
}

function localText(ms: number, zone: Zone): [day: string, time: string] {
  const offsetMs = zone === "utc" ? 0 : new Date(ms).getTimezoneOffset() * 60_000;
  const text = new Date(ms - offsetMs).toISOString();
  return [text.slice(0, -14), text.slice(-13, -1)];
}

function dayOf(ms: number, zone: Zone): number[] {
  return localText(ms, zone)[0].split("-").map(Number);
}

/** `time`: hour, minute, second and digits of the second's fraction, as far as they are given. */
function nanosOf(day: readonly number[], time: readonly (string | undefined)[], zone: Zone): bigint | undefined {
  const [year, month, date] = day as [number, number, number];
  const [hour, minute, second] = time.slice(0, 3).map((digits) => Number(digits ?? 0)) as [number, number, number];
  if (hour > 23 || minute > 59 || second > 59 || year < 1970) return undefined;
  const utc = new Date(Date.UTC(year, month - 1, date));
  if (utc.getUTCMonth() !== month - 1 || utc.getUTCDate() !== date) return undefined;
  const local = new Date(year, month - 1, date, hour, minute, second);
  // Where clocks are put forward an hour is not there, and would be read as another. A day begins all the same.
  const isThere =
    zone === "utc" || time[0] === undefined || (local.getHours() === hour && local.getMinutes() === minute);
  if (!isThere) return undefined;
  const ms = zone === "utc" ? Date.UTC(year, month - 1, date, hour, minute, second) : local.getTime();
  return msToNanos(ms) + BigInt((time[3] ?? "").padEnd(9, "0"));
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
