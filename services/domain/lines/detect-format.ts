import { FORMAT_DETECTION_CHARACTERS_MAX, FORMAT_DETECTION_LINES_MAX } from "../limits.ts";
import { isRecord, type LineContext, type LineFormat, type LineFormatName } from "./line-format.ts";
import { LINE_FORMATS } from "./line-formats.ts";
import { textLine } from "./text-line.ts";

const SHARE_MIN = 0.5;

/** How a format was chosen. */
export interface DetectedFormat {
  format: LineFormat;
  /** Each format but text, in the order of LINE_FORMATS: how many lines it can read, of those that begin a record. */
  tried: { name: LineFormatName; read: number; of: number }[];
  /** Why this one, in a sentence without a full stop. */
  reason: string;
}

/**
 * Finds out how lines are written by the first of them: the format that reads the largest share of the lines that begin a
 * record, and at least half of them. Where two read the same share it is the more special one, and where none reads half it
 * is text. Lines without anything in them do not count, and of the others those do not that neither text nor the format
 * lets begin a record: the rest of a stack trace.
 *
 * Looks at FORMAT_DETECTION_LINES_MAX lines and FORMAT_DETECTION_CHARACTERS_MAX characters; at one line in any case.
 */
export function detectFormat(lines: readonly string[], context: LineContext): DetectedFormat {
  const first = firstOf(lines);
  const tried = LINE_FORMATS.filter((format) => format !== textLine).map((format) => {
    const begins = first.filter((line) => format.beginsRecord(line) || textLine.beginsRecord(line));
    const read = begins.filter((line) => isRecord(format.read(line, context))).length;
    return { name: format.name, read, of: begins.length };
  });
  const best = tried.reduce((one, other) => (shareOf(other) > shareOf(one) ? other : one));
  const isEnough = shareOf(best) >= SHARE_MIN;
  const format = isEnough ? LINE_FORMATS.find(({ name }) => name === best.name)! : textLine;
  return { format, tried, reason: reasonOf(first.length, best, isEnough) };
}

function shareOf({ read, of }: { read: number; of: number }): number {
  return of === 0 ? 0 : read / of;
}

function firstOf(lines: readonly string[]): string[] {
  const first: string[] = [];
  let characters = 0;
  for (const line of lines) {
    if (line.trim() === "") continue;
    characters += line.length;
    if (first.length > 0 && characters > FORMAT_DETECTION_CHARACTERS_MAX) break;
    first.push(line);
    if (first.length === FORMAT_DETECTION_LINES_MAX) break;
  }
  return first;
}

function reasonOf(lines: number, { name, read, of }: DetectedFormat["tried"][number], isEnough: boolean): string {
  if (lines === 0) return "there is no line that is not empty";
  if (of === 0) return "none of the first lines begins a record";
  if (read === 0) return `no other format reads any of the first ${of} records`;
  return `${name} reads ${read} of the first ${of} records${isEnough ? "" : ", which is less than half"}`;
}
