import { LogPulseError } from "./errors.ts";
import { PRODUCER_ID_BYTES, SEQ_MAX } from "./limits.ts";

const DAY_MS = 86_400_000;
const ASSIGNED_MARK = "1095"; // The last four digits of ids that ingest draws.
const ID_TEXT = /^([0-9a-f]{32})-(0|[1-9][0-9]{0,15})$/;

/** One record's identity within its tenant. */
export interface Identity {
  /** The producer id as 32 lower-case hexadecimal digits. */
  producer: string;
  /** 0 to 2^53-1. */
  seq: number;
}

/** The identity as people and URLs see it: `<32 hex>-<seq>`. */
export function identityText(producer: string, seq: number): string {
  return `${producer}-${seq}`;
}

/**
 * Reads the text form. `field`: where the caller gave it.
 *
 * @throws LogPulseError `invalid_request` that shows the form wanted.
 */
export function parseIdentity(text: string, field = "id"): Identity {
  const parts = ID_TEXT.exec(text);
  const seq = Number(parts?.[2]);
  if (!parts?.[1] || seq > SEQ_MAX) {
    throw new LogPulseError(
      "invalid_request",
      `${field} is "${text.slice(0, 100)}"; it must be 32 hexadecimal digits, "-", and a number up to ${SEQ_MAX}`,
      { metadata: { field } },
    );
  }
  return { producer: parts[1], seq };
}

/** True for 16 bytes of version 7 and the RFC variant (RFC 9562 §5.7). */
export function isUuidV7(bytes: Uint8Array): boolean {
  return bytes.length === PRODUCER_ID_BYTES && (bytes[6]! & 0xf0) === 0x70 && (bytes[8]! & 0xc0) === 0x80;
}

/** The time in a UUIDv7: its first 48 bits, in milliseconds (RFC 9562 §5.7). */
export function uuidV7TimeMs(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(0) * 65_536 + view.getUint16(4);
}

/** Days since 1970-01-01 UTC of the producer's own time: what chooses index, partition and retention. */
export function producerDay(producer: string): number {
  return Math.floor(Number.parseInt(producer.slice(0, 12), 16) / DAY_MS);
}

/** A day number as `YYYYMMDD`, for names of indices and partitions. */
export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll("-", "");
}

/** The day number that `dayText` wrote as `YYYYMMDD`; undefined where it is no day of the calendar. */
export function dayOfText(text: string): number | undefined {
  const day = Date.parse(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}T00:00:00Z`) / DAY_MS;
  return Number.isInteger(day) && dayText(day) === text ? day : undefined;
}

/**
 * A new UUIDv7 of that time.
 *
 * `random`: at least 10 bytes of randomness.
 */
export function makeUuidV7(timeMs: number, random: Uint8Array): Uint8Array<ArrayBuffer> {
  const id = new Uint8Array(PRODUCER_ID_BYTES);
  const view = new DataView(id.buffer);
  view.setUint32(0, Math.floor(timeMs / 65_536));
  view.setUint16(4, timeMs % 65_536);
  id.set(random.subarray(0, 10), 6);
  id[6] = (id[6]! & 0x0f) | 0x70;
  id[8] = (id[8]! & 0x3f) | 0x80;
  return id;
}

/**
 * The same for a producer that ingest draws for callers without identity. It can be told from one that a client drew, but
 * for one client in 65,536.
 */
export function makeAssignedProducer(timeMs: number, random: Uint8Array): Uint8Array<ArrayBuffer> {
  const id = makeUuidV7(timeMs, random);
  id.set(Buffer.from(ASSIGNED_MARK, "hex"), PRODUCER_ID_BYTES - 2);
  return id;
}

/** Whether ingest drew that producer: its records are of many callers. `producer`: 32 hexadecimal digits. */
export function isAssignedProducer(producer: string): boolean {
  return producer.endsWith(ASSIGNED_MARK);
}
