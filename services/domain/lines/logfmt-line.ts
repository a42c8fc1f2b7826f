import type { JsonValue } from "@bufbuild/protobuf";
import type { LogRecord } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { readFirstLine } from "./first-line.ts";
import type { LineContext, LineFormat, LineProblem } from "./line-format.ts";
import { LineReader } from "./line-reader.ts";
import { isUsualName, recordOfFields } from "./record-of-fields.ts";
import { textLine } from "./text-line.ts";

/**
 * key=value key="other value" word, as go-kit, logrus, slog and Grafana's programs write it. A word alone is a field that is
 * true, values are texts as they stand, and a key that comes again has a list.
 */
export const logfmtLine: LineFormat = {
  name: "logfmt",
  title: 'logfmt: key=value key="other value"',
  read: (text, context) => readFirstLine(text, (line) => readLine(line, context)),
  beginsRecord: textLine.beginsRecord,
};

const PAIRS_MIN = 2;
const KEY = /[^\s="]+/y;
const BLANKS = /\s*/y;
const PLAIN_VALUE = /[^\s"]*/y;

/** Prose with an equals sign somewhere is no logfmt: it begins with a pair, and words alone are not the most of it. */
function readLine(line: string, context: LineContext): LogRecord | LineProblem {
  const pairs = readPairs(line);
  if ("reason" in pairs) return pairs;
  const { fields, pairCount, wordCount } = pairs;
  if (pairCount < PAIRS_MIN) return problem(`has ${pairCount} of key=value; wanted ${PAIRS_MIN} at least`);
  if (wordCount > pairCount) return problem(`has ${wordCount} words without a value, and ${pairCount} of key=value`);
  if (![...fields.keys()].some(isUsualName)) return problem("has no key for a time, a level or a message");
  return recordOfFields(Object.fromEntries(fields), line, context);
}

function readPairs(line: string) {
  const reader = new LineReader(line);
  const fields = new Map<string, JsonValue>();
  let pairCount = 0;
  let wordCount = 0;
  for (reader.match(BLANKS); reader.at < line.length; reader.match(BLANKS)) {
    const key = reader.match(KEY)?.[0];
    if (key === undefined) return problem(`has ${line[reader.at]} where a key should be, at ${reader.at}`);
    const isPair = reader.pass("=");
    if (!isPair && pairCount === 0) return problem(`begins with "${key.slice(0, 60)}"; wanted key=value`);
    const value = isPair ? readValue(reader) : true;
    if (value === undefined) return problem(`has a value that does not end, from ${reader.at} on`);
    if (isPair) pairCount++;
    else wordCount++;
    const before = fields.get(key);
    if (Array.isArray(before)) before.push(value);
    else fields.set(key, before === undefined ? value : [before, value]);
  }
  return { fields, pairCount, wordCount };
}

function readValue(reader: LineReader): string | undefined {
  const quoted = reader.quoted();
  if (quoted !== undefined) return unescaped(quoted);
  return reader.line[reader.at] === '"' ? undefined : reader.match(PLAIN_VALUE)![0];
}

const ESCAPED: Record<string, string> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

/** What Go's and JSON's quoting writes; escapes of bytes that are no text (`\xff`) stay as they are. */
function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([nrt"\\]))/g, (_all, hex?: string, letter?: string) =>
    letter === undefined ? String.fromCharCode(Number.parseInt(hex!, 16)) : ESCAPED[letter]!,
  );
}

function problem(reason: string): LineProblem {
  return { field: "line", reason };
}
