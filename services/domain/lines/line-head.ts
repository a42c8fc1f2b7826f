import type { JsonObject } from "@bufbuild/protobuf";
import { LINE_HEAD_CHARACTERS_MAX } from "../limits.ts";
import type { TimeContext } from "./calendar-time.ts";
import { restOfHead } from "./head-shapes.ts";
import { type LineLevel, levelAt, levelOfLetter } from "./line-level.ts";
import { hasTimeForm, type TimeInLine, timeAt } from "./line-time.ts";

/** What stands at the beginning of a text. */
export interface LineHead {
  /** Since 1970. */
  nanos?: bigint;
  level?: LineLevel;
  /** pid, thread, logger and the like, where it is certain what they are. */
  attributes: JsonObject;
}

const ESCAPE = "\u001b"; // Colours of a terminal may stand around every part.
const BETWEEN = new RegExp(`(?:[ \\t|]|- |: |${ESCAPE}\\[[\\d;]{0,20}m){1,40}`, "y");
const LEADING = /\[[^\][\n]{1,100}\]|\d{1,20}(?=[ \t\]])/y; // A thread, a process or a host before the time.
const LEADING_MAX = 2;
const WORD_BEFORE_TIME = /[\w.-]{1,64}(?: +\|)? +(?=[\d[])/y;

const REDIS = /(?<pid>\d{1,10}):(?<role>[XCSM]) (?=\d)/y;
const LETTER_BEFORE_TIME = /(?:(?<letter>[A-Z]), (?=\[\d))|\[(?<inside>[A-Z]) (?=\d)/y; // Ruby, Tornado
const KLOG_LETTER = /[DIWEF](?=\d{4})/y;

/** Reads time, level and what stands around them at the beginning of a text, in either order. Takes the same time for any text. */
export function readHead(text: string, context: TimeContext): LineHead {
  const line = headOf(text);
  const find: TimeFinder<TimeInLine> = (at) => timeAt(line, at, context);
  const found = findTime(line, find) ?? findWordAndTime(line, find);
  if (found === undefined) {
    const at = skip(line, BETWEEN, 0);
    const level = levelAt(line, at);
    return { level, attributes: level ? loggerOfPython(line) : {} };
  }
  const { time, before } = found;
  const rest = restOfHead(line, time.end, before.role !== undefined);
  return {
    nanos: time.nanos,
    level: before.level ?? rest.level ?? levelOfSecondLine(text, line.length),
    attributes: { ...numbered(before.pid), ...(before.role ? { role: before.role } : {}), ...rest.attributes },
  };
}

/** Whether a line begins with what has the form of a time, or with a level, a process or a thread and then a time. */
export function beginsWithTime(line: string): boolean {
  const head = headOf(line);
  return findTime(head, (at) => hasTimeForm(head, at) || undefined) !== undefined;
}

interface BeforeTime {
  level?: LineLevel;
  pid?: string;
  role?: string;
}

interface FoundTime<Time> {
  time: Time;
  before: BeforeTime;
}

/** What is wanted of a time, where one stands at this place. */
type TimeFinder<Time> = (at: number) => Time | undefined;

function findTime<Time>(line: string, find: TimeFinder<Time>): FoundTime<Time> | undefined {
  const start = skip(line, BETWEEN, 0);
  const special = readSpecialBeginning(line, start);
  const begin = special?.end ?? start;
  const time = find(begin);
  if (time !== undefined) return { time, before: special?.before ?? klogLevel(line, begin) };
  return findTimeBehindLevel(line, start, find);
}

/** What stands before the time where that alone says how the line is written. */
function readSpecialBeginning(line: string, at: number): { before: BeforeTime; end: number } | undefined {
  const redis = match(REDIS, line, at);
  if (redis) return { before: { pid: redis.groups!.pid, role: redis.groups!.role }, end: REDIS.lastIndex };
  const lettered = match(LETTER_BEFORE_TIME, line, at)?.groups;
  const level = lettered && levelOfLetter(lettered.letter ?? lettered.inside!);
  return level && { before: { level }, end: LETTER_BEFORE_TIME.lastIndex };
}

function klogLevel(line: string, at: number): BeforeTime {
  const letter = match(KLOG_LETTER, line, line[at] === "[" ? at + 1 : at)?.[0];
  return letter === undefined ? {} : { level: levelOfLetter(letter) };
}

function findTimeBehindLevel<Time>(line: string, start: number, find: TimeFinder<Time>): FoundTime<Time> | undefined {
  const before: BeforeTime = {};
  let at = start;
  for (let passed = 0; passed <= LEADING_MAX; passed++) {
    const level = before.level ? undefined : levelAt(line, at);
    if (level) before.level = { severity: level.severity, text: level.text };
    else if (!match(LEADING, line, at)) return undefined;
    at = skip(line, BETWEEN, level?.end ?? LEADING.lastIndex);
    const time = find(at);
    if (time !== undefined) return { time, before };
  }
  return undefined;
}

/** "update-alternatives 2026-11-22 10:00:00: …", "web-1  | 2026-…". A word alone makes no line the first of a record. */
function findWordAndTime<Time>(line: string, find: TimeFinder<Time>): FoundTime<Time> | undefined {
  const time = match(WORD_BEFORE_TIME, line, 0) ? find(WORD_BEFORE_TIME.lastIndex) : undefined;
  return time === undefined ? undefined : { time, before: {} };
}

/** java.util.logging writes time and place into the first line, level and message into the second. */
function levelOfSecondLine(text: string, firstEnd: number): LineLevel | undefined {
  if (text[firstEnd] !== "\n") return undefined;
  const level = levelAt(text, firstEnd + 1);
  if (level === undefined || text[level.end - 1] !== ":" || level.text !== level.text.toUpperCase()) return undefined;
  return { severity: level.severity, text: level.text };
}

/** Python where no format is set: "WARNING:root:text". */
function loggerOfPython(line: string): JsonObject {
  const logger = /^[A-Z]{4,8}:([\w.]{1,200}):/.exec(line)?.[1];
  return logger === undefined ? {} : { logger };
}

function numbered(pid: string | undefined): JsonObject {
  return pid === undefined ? {} : { pid: Number(pid) };
}

function headOf(text: string): string {
  const head = text.slice(0, LINE_HEAD_CHARACTERS_MAX);
  const end = head.indexOf("\n");
  return end < 0 ? head : head.slice(0, end);
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Where the text goes on behind what the pattern finds there, if it finds anything. */
function skip(text: string, pattern: RegExp, at: number): number {
  return match(pattern, text, at) ? pattern.lastIndex : at;
}
