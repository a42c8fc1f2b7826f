import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { APPEND_MS_MAX } from "./limits.ts";
import { msToNanos, timestampToNanos } from "./record-time.ts";

const RECEIVED_TIME = LogBatchSchema.field.receivedTime.number;

/** When ingest received the batch of a message of the log, in nanoseconds since 1970; undefined where it does not say. */
export function receivedNanosOf(message: Uint8Array): bigint | undefined {
  try {
    const reader = new BinaryReader(message);
    let found: bigint | undefined;
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === RECEIVED_TIME && wireType === WireType.LengthDelimited) {
        found = timestampToNanos(fromBinary(TimestampSchema, reader.bytes()));
      } else {
        reader.skip(wireType, field);
      }
    }
    return found;
  } catch {
    return undefined; // It is no batch: anybody may write to a Kafka topic.
  }
}

/** A message of a partition, by its place and time. */
export interface TimedMessage {
  offset: bigint;
  /** Undefined where it does not say when it was received. */
  receivedNanos: bigint | undefined;
}

/**
 * A place of a partition from which on every message stands that was appended at or after `timeMs`: the partition's
 * `end` where there is none. Messages are received in nearly the order in which they are appended: within APPEND_MS_MAX,
 * since an append takes no longer. So it may be early by that much.
 *
 * `start`, `end`: of the partition. `messageAt`: the first message at that offset or behind it.
 */
export function placeAtTime(
  timeMs: number,
  start: bigint,
  end: bigint,
  messageAt: (offset: bigint) => TimedMessage | undefined,
): bigint {
  const wantedNanos = msToNanos(timeMs - APPEND_MS_MAX);
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) / 2n;
    const message = timedMessageAt(middle, high, messageAt);
    // Between the middle and what was found, if anything was, no message says that it is late enough.
    if (message === undefined || message.receivedNanos! >= wantedNanos) high = middle;
    else low = message.offset + 1n;
  }
  return low;
}

/** The first message that says its time, from `offset` on and before `end`. */
function timedMessageAt(
  offset: bigint,
  end: bigint,
  messageAt: (offset: bigint) => TimedMessage | undefined,
): TimedMessage | undefined {
  for (let at = offset; at < end; ) {
    const message = messageAt(at);
    if (message === undefined || message.offset >= end) return undefined;
    if (message.receivedNanos !== undefined) return message;
    at = message.offset + 1n;
  }
  return undefined;
}
