import type { JoinedText } from "./join-lines.ts";
import { attributesOf } from "./line-attributes.ts";
import type { LineContext, LineFormat, LineProblem } from "./line-format.ts";
import { type ReadRecord, readRecord } from "./read-record.ts";

/**
 * Reads lines that LineJoiner has joined, as `readRecord` does. The rest of a record that was too long has the attribute
 * `continued`, and what it does not say itself (time, level, service) from the line that the record began with.
 */
export function readJoined(
  format: LineFormat,
  { text, continues }: Pick<JoinedText, "text" | "continues">,
  context: LineContext,
  strict: boolean,
): ReadRecord | LineProblem {
  if (continues === undefined) return readRecord(format, text, context, strict);
  const beginning = readRecord(format, continues, context, strict);
  if (!("record" in beginning)) return beginning;
  const rest = readRecord(format, text, context, false); // Where the beginning could be read, so was all of the record.
  if (!("record" in rest)) return rest;
  const { record } = rest;
  if (rest.keptAsText) record.service = beginning.record.service;
  if (record.severity === 0 && record.severityText === "") {
    record.severity = beginning.record.severity;
    record.severityText = beginning.record.severityText;
  }
  record.time ??= beginning.record.time;
  record.attributes = attributesOf({ continued: true, ...record.attributes });
  return { ...beginning, record };
}
