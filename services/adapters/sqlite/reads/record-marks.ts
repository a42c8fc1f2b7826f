import type { SeverityRange } from "../../../domain/severity.ts";

/**
 * Marks: what stands among a record's labels in the index of words beside words, so that few records are found among
 * many by what is not a word. The sign in them belongs to no word, so no words that are asked for find them. All but that
 * of the severity are short hashes: a record that has the mark is still to be looked at.
 */
const SIGN = "\u00a4";
const TRACE = `${SIGN}t`;
const ATTRIBUTE = `${SIGN}a`;
const SEVERITY_MAX = 24; // OpenTelemetry's last number.
const HASHES = 36 ** 6; // Six characters of [0-9a-z].

/** Of a record that has more attribute values than are marked. */
export const MORE_ATTRIBUTES_MARK = `${SIGN}m`;

/** Of no record. */
export const NO_RECORDS_MARK = `${SIGN}n`;

/** Of the severity number that was sent. Empty for other numbers: where none was sent, the severity text says all. */
export function severityMark(severity: number): string {
  return severity >= 1 && severity <= SEVERITY_MAX ? `${SIGN}${severity}` : "";
}

/** The marks of a range; undefined where there are severities in it that have none. */
export function severityMarks({ min, max }: SeverityRange): string[] | undefined {
  if (min < 1 || max > SEVERITY_MAX) return undefined;
  return Array.from({ length: max - min + 1 }, (_, index) => severityMark(min + index));
}

/** Of a trace id that is not empty. */
export function traceMark(traceId: string): string {
  return TRACE + characters(hashOf(traceId));
}

/** Of an attribute's value: it begins with the mark of its path. */
export function attributeMark(path: string, value: string): string {
  const hash = hashOf(path);
  return ATTRIBUTE + characters(hash) + characters(hashOf(value, hash));
}

/** What the marks of all values of that attribute begin with. */
export function attributePathMark(path: string): string {
  return ATTRIBUTE + characters(hashOf(path));
}

function characters(hash: number): string {
  return (hash % HASHES).toString(36).padStart(6, "0");
}

/** FNV-1a over UTF-16 units, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/. */
function hashOf(text: string, start = 0): number {
  let hash = start ^ 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
