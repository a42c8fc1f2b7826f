import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { LogPulseError } from "./errors.ts";
import {
  PAGE_TOKEN_CHARACTERS_MAX,
  QUERY_TEXT_BYTES_MAX,
  RECORD_TIME_NANOS_MAX,
  RECORD_TIME_SECONDS_MAX,
} from "./limits.ts";
import { timestampToNanos } from "./record-time.ts";

/**
 * The error for a field of a question. `reason`: what follows the field's name, with value and limit. `facts`: what
 * programs may want to know beside it.
 */
export function invalidField(field: string, reason: string, facts: Record<string, string> = {}): LogPulseError {
  return new LogPulseError("invalid_request", `${field} ${reason}`, { metadata: { field, ...facts } });
}

/** The text, if it has at most `bytesMax`. @throws LogPulseError `invalid_request`. */
export function boundedText(field: string, text: string, bytesMax = QUERY_TEXT_BYTES_MAX): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) throw invalidField(field, `is ${bytes} bytes long; the limit is ${bytesMax}`);
  return text;
}

/** A time that a record may have, in nanoseconds since 1970. @throws LogPulseError `invalid_request` for any other. */
export function boundedTime(field: string, time: Timestamp | undefined): bigint | undefined {
  if (!time) return undefined;
  if (time.seconds < 0n || time.seconds > BigInt(RECORD_TIME_SECONDS_MAX)) {
    throw invalidField(field, `has ${time.seconds} seconds; it must be from 1970 to 2262-04-11`);
  }
  if (time.nanos < 0 || time.nanos > 999_999_999) {
    throw invalidField(field, `has ${time.nanos} nanos; it must be from 0 to 999999999`);
  }
  const nanos = timestampToNanos(time);
  return nanos < RECORD_TIME_NANOS_MAX ? nanos : RECORD_TIME_NANOS_MAX;
}

/** How many on a page: AIP-158, 0 means `usual` and too many are cut to `max`. @throws LogPulseError `invalid_request`. */
export function readPageSize(pageSize: number, usual: number, max: number): number {
  if (pageSize < 0) throw invalidField("page_size", `is ${pageSize}; it must not be negative`);
  return Math.min(pageSize || usual, max);
}

/** A token of bounded length, or undefined for the first page. @throws LogPulseError `invalid_request`. */
export function readPageToken(token: string): string | undefined {
  if (token.length > PAGE_TOKEN_CHARACTERS_MAX) {
    throw invalidField("page_token", `is ${token.length} characters long; the limit is ${PAGE_TOKEN_CHARACTERS_MAX}`);
  }
  return token || undefined;
}
