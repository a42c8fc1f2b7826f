import type { JsonObject } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { type LogRecord, LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { nanosToMs, nanosToTimestamp, parseRfc3339 } from "../record-time.ts";
import { recordNanos } from "./calendar-time.ts";
import { type CriLine, readCriLine } from "./cri-head.ts";
import { jsonLine } from "./json-line.ts";
import { attributesOf } from "./line-attributes.ts";
import { isRecord, type LineContext, type LineFormat, type LineProblem } from "./line-format.ts";
import { textLine } from "./text-line.ts";

/**
 * A container's log as Kubernetes' runtimes (CRI) and Docker's json-file driver write it. What the container wrote is read
 * as JSON where it begins like it, else as plain text; what it says of the time wins over the time in front of it. Lines
 * that were cut are put together, whole ones stand apart by "\n". Attributes: `stream`, and Docker's labels as `attrs`;
 * `container_stream` and `container_attrs` where the program writes such fields itself.
 */
export const criLine: LineFormat = {
  name: "cri",
  title: "Kubernetes and Docker container log",
  read: readCri,
  beginsRecord: (line) => readCriLine(line) !== undefined,
};

function readCri(text: string, context: LineContext): LogRecord | LineProblem {
  const lines = text.split("\n");
  const first = readCriLine(lines[0]!);
  if (first === undefined) {
    return { field: "line", reason: 'is neither "TIME stdout|stderr F|P TEXT" nor {"log":…,"stream":…,"time":…}' };
  }
  const parsed = parseRfc3339(first.time);
  const nanos = parsed === undefined ? undefined : recordNanos(parsed);
  if (nanos === undefined) {
    return { field: "time", reason: `is "${first.time.slice(0, 60)}"; wanted an RFC 3339 time from 1970 on` };
  }
  // The year that the content leaves out is that of the time in front of it.
  const record = readContent(contentOf(first, lines), { ...context, nowMs: nanosToMs(nanos) });
  record.time ??= nanosToTimestamp(nanos);
  record.attributes = attributesOf(joinedAttributes(attributesOfLine(first), record.attributes ?? {}));
  return record;
}

function contentOf(first: CriLine, lines: readonly string[]): string {
  const parts = [first.content];
  let isPartial = first.isPartial;
  for (const line of lines.slice(1)) {
    const read = readCriLine(line);
    parts.push(isPartial ? "" : "\n", read?.content ?? line);
    isPartial = read?.isPartial ?? false;
  }
  return parts.join("");
}

function readContent(content: string, context: LineContext): LogRecord {
  const asJson = content.startsWith("{") ? jsonLine.read(content, context) : undefined;
  if (asJson && isRecord(asJson)) return asJson;
  const asText = textLine.read(content, context);
  // An empty line of a container is a record too: it has a time.
  return isRecord(asText) ? asText : create(LogRecordSchema, { service: context.service });
}

function attributesOfLine({ stream, labels }: CriLine): JsonObject {
  return { ...(stream === "" ? {} : { stream }), ...(labels ? { attrs: labels } : {}) };
}

/** What the program wrote keeps its names. The line's own come first: of too many attributes the last ones are put together. */
function joinedAttributes(ofLine: JsonObject, ofProgram: JsonObject): JsonObject {
  const renamed = Object.entries(ofLine).map(([name, value]) => {
    let free = name;
    while (Object.hasOwn(ofProgram, free)) free = `container_${free}`;
    return [free, value] as const;
  });
  return { ...Object.fromEntries(renamed), ...ofProgram };
}
