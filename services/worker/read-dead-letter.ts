import { fromBinary } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import {
  DEAD_LETTER_DETAIL_CHARACTERS_MAX,
  DEAD_LETTER_NAME_BYTES_MAX,
  DEAD_LETTER_REASON_BYTES_MAX,
  RECORD_TIME_NANOS_MAX,
  TENANT_BYTES_MAX,
} from "../domain/limits.ts";
import { timestampToNanos } from "../domain/record-time.ts";

/**
 * Decodes a message of the dead-letter topic.
 *
 * @throws Error where it is no DeadLetter, or none that this program writes: somebody else did, and a table has no room
 *   for texts of any length.
 */
export function readDeadLetter(message: Uint8Array): DeadLetter {
  const letter = fromBinary(DeadLetterSchema, message);
  if (letter.store === "" || letter.reason === "") throw new Error("store or reason is missing");
  checkBytes("store", letter.store, DEAD_LETTER_NAME_BYTES_MAX);
  checkBytes("tenant", letter.tenant, TENANT_BYTES_MAX);
  checkBytes("id", letter.id, DEAD_LETTER_NAME_BYTES_MAX);
  checkBytes("reason", letter.reason, DEAD_LETTER_REASON_BYTES_MAX);
  if (letter.detail.length > DEAD_LETTER_DETAIL_CHARACTERS_MAX) {
    throw new Error(`detail has ${letter.detail.length} characters, at most ${DEAD_LETTER_DETAIL_CHARACTERS_MAX}`);
  }
  if (letter.partition < 0 || letter.offset < 0n) throw new Error("its place in the log is negative");
  checkTime(letter);
  return letter;
}

function checkBytes(field: string, text: string, bytesMax: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) throw new Error(`${field} has ${bytes} bytes, at most ${bytesMax}`);
}

function checkTime({ receivedTime }: DeadLetter): void {
  if (receivedTime === undefined) return;
  const { seconds, nanos } = receivedTime;
  const known =
    seconds >= 0n && nanos >= 0 && nanos < 1_000_000_000 && timestampToNanos(receivedTime) <= RECORD_TIME_NANOS_MAX;
  if (!known) throw new Error(`received_time has ${seconds} seconds and ${nanos} nanoseconds`);
}
