import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import type { StoredLog } from "../../gen/logpulse/v1/query_service_pb.ts";

/** Of a JavaScript string's UTF-16 unit, in UTF-8. */
const BYTES_PER_UNIT_MAX = 3;

/**
 * The record with no more than the first `bytesMax` bytes of its message, in UTF-8 and cut between two characters;
 * `message_bytes_cut` then says how many bytes the whole message has. A message that fits, and any with `bytesMax` 0,
 * stays whole: then it is the very same object. Others are copies: the record that was given is never changed.
 */
export function cutMessage(log: StoredLog, bytesMax: number): StoredLog {
  const message = log.record?.message ?? "";
  if (bytesMax === 0 || message.length * BYTES_PER_UNIT_MAX <= bytesMax) return log;
  const bytes = Buffer.from(message);
  if (bytes.length <= bytesMax) return log;
  let end = bytesMax;
  while (end > 0 && isContinuation(bytes[end]!)) end--;
  const record: LogRecord = { ...log.record!, message: bytes.toString("utf8", 0, end) };
  return { ...log, record, messageBytesCut: bytes.length };
}

/** A byte within a character, not its first one. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
