import { toBinary } from "@bufbuild/protobuf";
import { type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { RECORD_BYTES_MAX } from "../../services/domain/limits.ts";
import { isRecord, type LineContext, type LineProblem } from "../../services/domain/lines/line-format.ts";
import { textLine } from "../../services/domain/lines/text-line.ts";

/**
 * The record of lines that are not UTF-8, with their bytes in `raw`. A record for which that is too much becomes one of
 * plain text, with as much of its message as fits: all of it stands in `raw`.
 *
 * `text`: the lines with U+FFFD where they are not UTF-8, of which the record was made.
 */
export function withRawBytes(
  record: LogRecord,
  raw: Uint8Array,
  text: string,
  context: LineContext,
): LogRecord | LineProblem {
  record.raw = raw;
  if (sizeOf(record) <= RECORD_BYTES_MAX) return record;
  const asText = textLine.read(text, context);
  if (!isRecord(asText)) return asText;
  asText.raw = raw;
  const message = Buffer.from(asText.message);
  const room = message.length + RECORD_BYTES_MAX - sizeOf(asText);
  if (room < 0) {
    return { field: "line", reason: `is ${raw.length} bytes long and not UTF-8; a record has ${RECORD_BYTES_MAX}` };
  }
  asText.message = cutBetweenCharacters(message, room);
  return asText;
}

function sizeOf(record: LogRecord): number {
  return toBinary(LogRecordSchema, record).length;
}

function cutBetweenCharacters(utf8: Buffer, bytesMax: number): string {
  let end = Math.min(bytesMax, utf8.length);
  while (end > 0 && end < utf8.length && (utf8[end]! & 0xc0) === 0x80) end--;
  return utf8.toString("utf8", 0, end);
}
