import { toBinary } from "@bufbuild/protobuf";
import { type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { RECORD_BYTES_MAX } from "../../services/domain/limits.ts";
import {
  isRecord,
  type LineContext,
  type LineFormat,
  type LineProblem,
} from "../../services/domain/lines/line-format.ts";
import type { ReadRecord } from "../../services/domain/lines/read-record.ts";
import { textLine } from "../../services/domain/lines/text-line.ts";

/** How a record was read. */
export interface RecordReading {
  format: LineFormat;
  strict: boolean;
  context: LineContext;
}

/**
 * The record of lines that are not UTF-8, with their bytes in `raw`. A record for which that is too much becomes one of
 * plain text, unless `strict`, with as much of its message as fits: all of it stands in `raw`.
 *
 * `text`: the lines with U+FFFD where they are not UTF-8, of which the record was made.
 */
export function withRawBytes(
  read: ReadRecord,
  raw: Uint8Array,
  text: string,
  { format, strict, context }: RecordReading,
): ReadRecord | LineProblem {
  read.record.raw = raw;
  if (sizeOf(read.record) <= RECORD_BYTES_MAX) return read;
  const isText = format.name === textLine.name || read.keptAsText !== undefined;
  const reason = `is ${raw.length} bytes long and not UTF-8; a record has ${RECORD_BYTES_MAX}`;
  const tooLong: LineProblem = { field: "line", reason };
  if (strict && !isText) return tooLong;
  const record = textLine.read(text, context);
  if (!isRecord(record)) return record;
  record.raw = raw;
  const message = Buffer.from(record.message);
  const room = message.length + RECORD_BYTES_MAX - sizeOf(record);
  if (room < 0) return tooLong;
  record.message = cutBetweenCharacters(message, room);
  return { record, keptAsText: isText ? read.keptAsText : tooLong };
}

function sizeOf(record: LogRecord): number {
  return toBinary(LogRecordSchema, record).length;
}

function cutBetweenCharacters(utf8: Buffer, bytesMax: number): string {
  let end = Math.min(bytesMax, utf8.length);
  while (end > 0 && end < utf8.length && (utf8[end]! & 0xc0) === 0x80) end--;
  return utf8.toString("utf8", 0, end);
}
