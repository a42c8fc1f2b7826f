import { createHash } from "node:crypto";
import {
  LOG_ID_CHARACTERS_MAX,
  LOG_PARTITIONS_MAX,
  RECORDS_PER_BATCH_MAX,
  TAIL_CURSOR_CHARACTERS_MAX,
} from "./limits.ts";
import { invalidField } from "./request-fields.ts";
import { NumberReader, NumberWriter } from "./variable-length-number.ts";

/** A place in a partition of the log: before a record of a message. */
export interface TailPlace {
  /** Of the message. A number is exact up to 2^52 here, which a partition does not reach in a thousand years. */
  offset: number;
  /** Of the record in it; 0 is the place before the whole message. Those that ingest rejected are counted too. */
  index: number;
}

/** Where a tail stands, in all partitions of one log. */
export interface TailPosition {
  /** Offsets mean something together with it only. At most 64 characters of ASCII. */
  logId: string;
  /** By partition: what comes next. */
  places: readonly TailPlace[];
}

const FORMAT = 1;
const CHECKSUM_BYTES = 6;

/** The position as URL-safe text, opaque to callers; at most TAIL_CURSOR_CHARACTERS_MAX. */
export function tailCursor({ logId, places }: TailPosition): string {
  const writer = new NumberWriter();
  writer.write(FORMAT);
  writer.write(logId.length);
  for (const character of Buffer.from(logId, "latin1")) writer.write(character);
  writer.write(places.length);
  for (const { offset, index } of places) {
    writer.write(2 * offset + (index > 0 ? 1 : 0)); // Hardly any stands within a message.
    if (index > 0) writer.write(index);
  }
  const body = writer.finish();
  return Buffer.concat([body, checksum(body)]).toString("base64url");
}

/**
 * The position in a cursor that `tailCursor` made.
 *
 * `field`: where the caller gave it.
 *
 * @throws LogPulseError `invalid_request` for any other text, an altered cursor included.
 */
export function readTailCursor(field: string, text: string): TailPosition {
  if (text.length > TAIL_CURSOR_CHARACTERS_MAX) {
    throw invalidField(field, `is ${text.length} characters long; the limit is ${TAIL_CURSOR_CHARACTERS_MAX}`);
  }
  const bytes = Buffer.from(text, "base64url");
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  const isOurs = bytes.toString("base64url") === text && checksum(body).equals(bytes.subarray(body.length));
  const position = isOurs ? readBody(body) : undefined;
  if (position === undefined) throw invalidField(field, "is not a cursor that this server gave out; begin without one");
  return position;
}

/** A number for each partition, as LogExtent has them. */
export interface LogEnds {
  logId: string;
  partitions: readonly { end: bigint }[];
}

/**
 * Whether the position can be gone on from in this log as it is now.
 *
 * @throws LogPulseError `invalid_request`: it is of another log, or lies beyond the end of this one.
 */
export function requirePositionIn(field: string, { logId, places }: TailPosition, log: LogEnds): void {
  if (logId !== log.logId || places.length !== log.partitions.length) {
    throw invalidField(field, "belongs to another log than the one that is there now; begin without it");
  }
  const beyond = places.findIndex(({ offset, index }, partition) => {
    const { end } = log.partitions[partition]!;
    return BigInt(offset) > end || (BigInt(offset) === end && index > 0);
  });
  if (beyond >= 0) {
    const { offset } = places[beyond]!;
    const end = log.partitions[beyond]!.end;
    throw invalidField(
      field,
      `stands at ${offset} in partition ${beyond}, where the log ends at ${end}; begin without it`,
    );
  }
}

/** Undefined where the bytes are no position: of another program, or of a later version of this one. */
function readBody(body: Uint8Array): TailPosition | undefined {
  try {
    const reader = new NumberReader(body);
    if (reader.read() !== FORMAT) return undefined;
    const idLength = reader.read();
    if (idLength > LOG_ID_CHARACTERS_MAX) return undefined;
    const logId = Buffer.from(Array.from({ length: idLength }, () => reader.read())).toString("latin1");
    const partitions = reader.read();
    if (partitions > LOG_PARTITIONS_MAX) return undefined;
    const places = Array.from({ length: partitions }, () => readPlace(reader));
    return reader.atEnd && places.every(({ index }) => index <= RECORDS_PER_BATCH_MAX) ? { logId, places } : undefined;
  } catch {
    return undefined; // It ends too early.
  }
}

function readPlace(reader: NumberReader): TailPlace {
  const doubled = reader.read();
  return { offset: Math.floor(doubled / 2), index: doubled % 2 === 1 ? reader.read() : 0 };
}

/** Against what happens by mistake: a cursor cut short, or mixed up. It is no secret. */
function checksum(body: Uint8Array): Buffer {
  return createHash("sha256").update("tail cursor").update(body).digest().subarray(0, CHECKSUM_BYTES);
}
