import { toBinary } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { msToNanos, nanosToTimestamp } from "../../services/domain/record-time.ts";
import { batchBodiesAt } from "./bodies.ts";

const TEMPLATE_MS = 1_700_000_000_999; // Its seconds and its nanoseconds take five bytes each, as varints.
const NANOS_OF_FIVE_BYTES_MIN = 2 ** 28;
const VARINT_BYTES = 5;

/**
 * Bodies whose records are of now: a store's index by time grows at its end then, as it does for a service that logs. With
 * the same few thousand times again and again each record goes to another page of that index, and storing takes four
 * times the writes.
 *
 * They are encoded once; the times are written over.
 */
export class TimedBodies {
  private readonly bodies: { bytes: Buffer; times: number[] }[];

  constructor(recordsPerBatch: number) {
    const time = toBinary(TimestampSchema, nanosToTimestamp(msToNanos(TEMPLATE_MS)));
    this.bodies = batchBodiesAt(recordsPerBatch, TEMPLATE_MS).map((encoded) => {
      const bytes = Buffer.from(encoded);
      const times = offsetsOf(bytes, time);
      if (times.length !== recordsPerBatch) throw new Error(`${times.length} of ${recordsPerBatch} times were found`);
      return { bytes, times };
    });
  }

  /** One of them, its records at that time, which is up to 0.27 s before `nowMs`. It is written over by a later call. */
  at(index: number, nowMs: number): Uint8Array {
    const { bytes, times } = this.bodies[index % this.bodies.length]!;
    let seconds = Math.floor(nowMs / 1_000);
    let nanos = Math.floor(nowMs % 1_000) * 1_000_000;
    if (nanos < NANOS_OF_FIVE_BYTES_MIN) {
      seconds -= 1;
      nanos = 999_000_000;
    }
    for (const offset of times) {
      writeVarint(bytes, offset + 1, seconds);
      writeVarint(bytes, offset + 2 + VARINT_BYTES, nanos);
    }
    return bytes;
  }
}

function offsetsOf(bytes: Buffer, piece: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = bytes.indexOf(piece); at >= 0; at = bytes.indexOf(piece, at + piece.length)) offsets.push(at);
  return offsets;
}

/** In five bytes. */
function writeVarint(bytes: Buffer, offset: number, value: number): void {
  for (let index = 0; index < VARINT_BYTES - 1; index++) {
    bytes[offset + index] = 0x80 | (value & 0x7f);
    value = Math.floor(value / 128);
  }
  bytes[offset + VARINT_BYTES - 1] = value;
}
