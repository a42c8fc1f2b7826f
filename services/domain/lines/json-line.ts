import type { LogRecord } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { readFirstLine, withoutLastBreaks } from "./first-line.ts";
import { parseJsonObject } from "./json-text.ts";
import { isRecord, type LineContext, type LineFormat, type LineProblem } from "./line-format.ts";
import { recordOfFields } from "./record-of-fields.ts";
import { textLine } from "./text-line.ts";

/**
 * One JSON object: as pino, bunyan, winston, zap, zerolog, slog, logrus, structlog, log4j, Serilog and journald write it, by
 * the Elastic Common Schema (nested or with dots) or OpenTelemetry's data model. It may stand on several lines.
 */
export const jsonLine: LineFormat = {
  name: "json",
  title: "JSON, one object in a line",
  read(text, context) {
    const whole = readObject(withoutLastBreaks(text), context);
    return isRecord(whole) || !text.includes("\n") ? whole : readFirstLine(text, (line) => readObject(line, context));
  },
  beginsRecord: (line) => line.startsWith("{") || textLine.beginsRecord(line),
};

function readObject(text: string, context: LineContext): LogRecord | LineProblem {
  const parsed = parseJsonObject(text);
  return "object" in parsed ? recordOfFields(parsed.object, text, context) : parsed;
}
