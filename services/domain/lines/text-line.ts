import { create } from "@bufbuild/protobuf";
import { type LogRecord, LogRecordSchema, Severity } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { nanosToTimestamp } from "../record-time.ts";
import { isContinuation } from "./continuation-line.ts";
import type { LineContext, LineFormat, LineProblem } from "./line-format.ts";
import { readHead } from "./line-head.ts";
import { tellsOfCrash } from "./stack-trace.ts";

/**
 * Any text. Its message is the whole of it, without line breaks at its end; time and level are those that its first line
 * begins with, in either order and also behind a process or a thread. Names of those, and of the logger, become the
 * attributes `pid`, `thread`, `logger`, `role` (Redis) and `source` (file and line) where it is certain what they are.
 */
export const textLine: LineFormat = {
  name: "text",
  title: "plain text",
  read: readText,
  beginsRecord: (line) => !isContinuation(line),
};

function readText(text: string, context: LineContext): LogRecord | LineProblem {
  const message = withoutLastBreaks(text).toWellFormed();
  if (message === "") return { field: "line", reason: "is empty" };
  const { nanos, level, attributes } = readHead(message, context);
  return create(LogRecordSchema, {
    time: nanos === undefined ? undefined : nanosToTimestamp(nanos),
    severity: level?.severity ?? (tellsOfCrash(message) ? Severity.ERROR : Severity.UNSPECIFIED),
    severityText: level?.text,
    service: context.service,
    message,
    attributes: Object.keys(attributes).length > 0 ? attributes : undefined,
  });
}

/** Empty lines that were joined to the text end it with breaks that say nothing. */
function withoutLastBreaks(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\r")) end--;
  return text.slice(0, end);
}
