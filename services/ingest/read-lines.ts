import type { UploadLinesRequest } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import { LINE_BYTES_MAX } from "../domain/limits.ts";
import { parseAccessLine } from "../domain/lines/access-line.ts";
import { detectFormat } from "../domain/lines/detect-format.ts";
import { type JoinedText, LineJoiner } from "../domain/lines/join-lines.ts";
import { isRecord, type LineContext, type LineFormat, type LineProblem } from "../domain/lines/line-format.ts";
import { AUTO_FORMAT, lineFormat } from "../domain/lines/line-formats.ts";
import { readJoined } from "../domain/lines/read-joined.ts";

/** What a line, or lines that belong together, have become. */
export interface ReadLine {
  /** The place of the first one in the request. */
  index: number;
  /** UTF-16 units of all of them. */
  length: number;
  /** Undefined where they are rejected. */
  record: LogRecord | undefined;
  /** What is wrong with them: why they are rejected, or kept as plain text. */
  problem: LineProblem | undefined;
}

/** What lines say. */
export interface ReadLines {
  /** By which format; undefined where the request named none. */
  format: LineFormat | undefined;
  /** In the order of the lines; each is read when it is asked for. Blank lines are passed over where there is a format. */
  results: Iterable<ReadLine>;
}

/**
 * Reads the lines of a request by the format that it names. `nowMs`: the server's clock; times without a zone are taken for
 * UTC.
 *
 * @throws LogPulseError `invalid_request` for a format that there is not.
 */
export function readLines({ lines, format: name, service, strict }: UploadLinesRequest, nowMs: number): ReadLines {
  if (name === "") return { format: undefined, results: readAccessLines(lines, service) };
  const context: LineContext = { service, nowMs, offsetMinutes: () => 0 };
  const format = name === AUTO_FORMAT ? detectFormat(lines, context).format : lineFormat(name);
  return { format, results: readFormat(lines, format, context, strict) };
}

/** As `POST /upload` has always read them: each line is a record or a reject, whatever is in it. */
function* readAccessLines(lines: readonly string[], service: string): Generator<ReadLine> {
  for (const [index, line] of lines.entries()) {
    const read = parseAccessLine(line, service);
    const isGood = isRecord(read);
    const { length } = line;
    yield { index, length, record: isGood ? read : undefined, problem: isGood ? undefined : read };
  }
}

function* readFormat(
  lines: readonly string[],
  format: LineFormat,
  context: LineContext,
  strict: boolean,
): Generator<ReadLine> {
  for (const { joined, index, tooLong } of joinedTexts(lines, format)) {
    const { length } = joined.text;
    const read = tooLong ?? readJoined(format, joined, context, strict);
    if ("record" in read) yield { index, length, record: read.record, problem: read.keptAsText };
    else yield { index, length, record: undefined, problem: read };
  }
}

/** The texts of records, each with the place of its first line; a line that is too long stands alone, with its problem. */
function* joinedTexts(
  lines: readonly string[],
  format: LineFormat,
): Generator<{ joined: Pick<JoinedText, "text" | "continues">; index: number; tooLong?: LineProblem }> {
  const joiner = new LineJoiner(format);
  const indexOfAdded: number[] = [];
  const placed = (texts: readonly JoinedText[]) =>
    texts
      .filter(({ text }) => text.trim() !== "")
      .map((each) => ({ joined: each, index: indexOfAdded[each.firstLine]! }));
  for (const [index, line] of lines.entries()) {
    const tooLong = lengthProblem(line);
    if (tooLong) {
      yield* placed(joiner.flush());
      yield { joined: { text: line }, index, tooLong };
      continue;
    }
    indexOfAdded.push(index);
    yield* placed(joiner.add(line));
  }
  yield* placed(joiner.flush());
}

function lengthProblem(line: string): LineProblem | undefined {
  if (line.length * 3 <= LINE_BYTES_MAX) return undefined;
  const bytes = Buffer.byteLength(line);
  if (bytes <= LINE_BYTES_MAX) return undefined;
  return { field: "line", kind: "too_long", reason: `is ${bytes} bytes long; the limit is ${LINE_BYTES_MAX}` };
}
