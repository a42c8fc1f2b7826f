import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { RECORDS_PER_BATCH_MAX, SEQ_MAX } from "../domain/limits.ts";

type WriteAnswer = MessageInitShape<typeof WriteResponseSchema>;

/** Tags of WriteResponse: field number and wire type. */
const PRODUCER_ID = (1 << 3) | 2;
const FIRST_SEQ = (2 << 3) | 0;
const ACCEPTED = (3 << 3) | 0;
const TAGS = 3;
const NUMBER_BYTES_MAX = 10; // A varint of 64 bits.

/**
 * Encodes an answer of Write as the library does. Nearly all answers have three plain fields, and there is one for each
 * call: by hand they take a tenth of the time (docs/benchmarks/JOURNAL.md).
 */
export function encodeWriteAnswer(answer: WriteAnswer): Uint8Array {
  const { producerId = new Uint8Array(0), firstSeq = 0n, accepted = 0, rejects = [] } = answer;
  const isPlain = firstSeq >= 0n && firstSeq <= SEQ_MAX && accepted >= 0 && accepted <= RECORDS_PER_BATCH_MAX;
  if (!isPlain || rejects.length > 0 || producerId.length >= 0x80) {
    return toBinary(WriteResponseSchema, create(WriteResponseSchema, answer));
  }
  const bytes = Buffer.allocUnsafe(TAGS + 2 * NUMBER_BYTES_MAX + 1 + producerId.length);
  let end = 0;
  if (producerId.length > 0) {
    bytes[end++] = PRODUCER_ID;
    bytes[end++] = producerId.length;
    bytes.set(producerId, end);
    end += producerId.length;
  }
  end = writeNumber(bytes, end, FIRST_SEQ, Number(firstSeq));
  end = writeNumber(bytes, end, ACCEPTED, accepted);
  return bytes.subarray(0, end);
}

/** A field that is left out where it is 0. Gives the place behind it. */
function writeNumber(bytes: Buffer, start: number, tag: number, value: number): number {
  if (value === 0) return start;
  let end = start;
  bytes[end++] = tag;
  let rest = value;
  while (rest >= 0x80) {
    bytes[end++] = (rest % 0x80) + 0x80;
    rest = Math.floor(rest / 0x80); // Not a shift: those cut numbers off at 32 bits.
  }
  bytes[end++] = rest;
  return end;
}
