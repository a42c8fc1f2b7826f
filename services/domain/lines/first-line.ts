import type { LogRecord } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { isRecord, type LineProblem } from "./line-format.ts";

/**
 * Reads the first line of a text by `read`, without its line break. Lines behind it (a stack trace below an access line)
 * follow the record's message as they stand, but for line breaks at the end.
 */
export function readFirstLine(text: string, read: (line: string) => LogRecord | LineProblem): LogRecord | LineProblem {
  const whole = withoutLastBreaks(text);
  const end = whole.indexOf("\n");
  if (end < 0) return read(whole);
  const record = read(withoutLastBreaks(whole.slice(0, end)));
  if (isRecord(record)) record.message += whole.slice(end).toWellFormed();
  return record;
}

/** Empty lines that were joined to a text end it with breaks that say nothing. */
export function withoutLastBreaks(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\r")) end--;
  return end === text.length ? text : text.slice(0, end);
}
