import type { LogRecord } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { isRecord, type LineContext, type LineFormat, type LineProblem } from "./line-format.ts";
import { recordProblem } from "./record-problem.ts";
import { textLine } from "./text-line.ts";

/** A record, and why it is only the text where the format could not read that. */
export interface ReadRecord {
  record: LogRecord;
  keptAsText?: LineProblem;
}

/**
 * Reads what one record was written as, as LineFormat.read, and what it answers with keeps the contract's rules. What the
 * format cannot read is kept as plain text, unless `strict`. So a problem without `strict` is one of the text itself.
 */
export function readRecord(
  format: LineFormat,
  text: string,
  context: LineContext,
  strict: boolean,
): ReadRecord | LineProblem {
  const read = readWithin(format, text, context);
  if (isRecord(read)) return { record: read };
  if (strict || format.name === textLine.name) return read;
  const asText = readWithin(textLine, text, context);
  return isRecord(asText) ? { record: asText, keptAsText: read } : asText;
}

function readWithin(format: LineFormat, text: string, context: LineContext): LogRecord | LineProblem {
  const read = format.read(text, context);
  return isRecord(read) ? (recordProblem(read, text.length) ?? read) : read;
}
