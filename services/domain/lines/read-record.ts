import { type LogRecord, Severity } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { isRecord, type LineContext, type LineFormat, type LineProblem } from "./line-format.ts";
import { recordProblem, serviceProblem, severityTextProblem, timeProblem } from "./record-problem.ts";
import { textLine } from "./text-line.ts";

/** A record, and why it is only the text where the format could not read that. */
export interface ReadRecord {
  record: LogRecord;
  keptAsText?: LineProblem;
}

/**
 * Reads what one record was written as, as LineFormat.read, and what it answers with keeps the contract's rules. What the
 * format cannot read is kept as plain text, unless `strict`. So a problem without `strict` is one of the text itself.
 *
 * A record that was read but is over a limit lends that text its time, level and service, as far as they are not at fault.
 */
export function readRecord(
  format: LineFormat,
  text: string,
  context: LineContext,
  strict: boolean,
): ReadRecord | LineProblem {
  const read = format.read(text, context);
  const problem = problemOf(read, text);
  if (isRecord(read) && !problem) return { record: read };
  if (strict || format.name === textLine.name) return problem!;
  const asText = textLine.read(text, context);
  if (isRecord(read) && isRecord(asText)) lend(asText, read);
  const textProblem = problemOf(asText, text);
  return isRecord(asText) && !textProblem ? { record: asText, keptAsText: problem } : textProblem!;
}

function problemOf(read: LogRecord | LineProblem, text: string): LineProblem | undefined {
  return isRecord(read) ? recordProblem(read, text.length) : read;
}

function lend(record: LogRecord, refused: LogRecord): void {
  if (!timeProblem(refused)) record.time ??= refused.time;
  if (!serviceProblem(refused)) record.service = refused.service;
  if (record.severity !== Severity.UNSPECIFIED || severityTextProblem(refused)) return;
  record.severity = refused.severity;
  record.severityText = refused.severityText;
}
