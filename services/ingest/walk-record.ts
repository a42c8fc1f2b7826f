import {
  HTTP_LONG_BYTES_MAX,
  HTTP_SHORT_BYTES_MAX,
  HTTP_STATUS_MAX,
  LATENCY_SECONDS_MAX,
  RECORD_BYTES_MAX,
  RECORD_TIME_NANOS_IN_LAST_SECOND_MAX,
  RECORD_TIME_SECONDS_MAX,
  RESPONSE_BYTES_MAX,
  SERVICE_BYTES_MAX,
  SEVERITY_TEXT_BYTES_MAX,
} from "../domain/limits.ts";
import { walkAttributes } from "./walk-attributes.ts";
import { FieldProblem, LENGTH_DELIMITED, VARINT, type WireCursor } from "./wire-cursor.ts";

const SEVERITY_MAX = 24;
const NANOS_MAX = 999_999_999;

/**
 * Walks one LogRecord up to `end` and checks every rule of the contract.
 *
 * Fields that are not known are passed over and kept. A message field given twice is refused: readers in other
 * languages merge it, and this walk would see only parts.
 *
 * @throws FieldProblem naming the field, its measure and the limit.
 */
export function walkRecord(cursor: WireCursor, end: number): void {
  const outerEnd = cursor.end;
  cursor.end = end;
  let seen = 0;
  while (cursor.pos < end) {
    cursor.tag("");
    const field = cursor.fieldNumber;
    if (field === 1 || field === 6 || field === 10) {
      if (seen & (1 << field)) throw new FieldProblem(NAMES[field]!, "is given twice");
      seen |= 1 << field;
    }
    walkField(cursor, field);
  }
  cursor.end = outerEnd;
}

const NAMES: Record<number, string> = { 1: "time", 6: "attributes", 10: "http" };

function walkField(cursor: WireCursor, field: number): void {
  switch (field) {
    case 1:
      return walkTime(cursor);
    case 2:
      return boundedNumber(cursor, "severity", SEVERITY_MAX);
    case 3:
      return boundedText(cursor, "severity_text", SEVERITY_TEXT_BYTES_MAX);
    case 4:
      return boundedText(cursor, "service", SERVICE_BYTES_MAX);
    case 5:
      return boundedText(cursor, "message", RECORD_BYTES_MAX);
    case 6:
      cursor.expect(LENGTH_DELIMITED, "attributes");
      return walkAttributes(cursor, cursor.length("attributes"));
    case 7:
      return hexText(cursor, "trace_id", 32);
    case 8:
      return hexText(cursor, "span_id", 16);
    case 9:
      cursor.expect(LENGTH_DELIMITED, "raw");
      cursor.pos = cursor.length("raw");
      return;
    case 10:
      return walkHttp(cursor);
    default:
      cursor.skip("");
  }
}

function walkTime(cursor: WireCursor): void {
  const { seconds, nanos } = secondsAndNanos(cursor, "time", RECORD_TIME_SECONDS_MAX);
  if (seconds === RECORD_TIME_SECONDS_MAX && nanos > RECORD_TIME_NANOS_IN_LAST_SECOND_MAX) {
    throw new FieldProblem("time", "is after 2262-04-11T23:47:16.854775807Z", "out_of_range");
  }
}

function walkHttp(cursor: WireCursor): void {
  cursor.expect(LENGTH_DELIMITED, "http");
  const end = cursor.length("http");
  const outerEnd = cursor.end;
  cursor.end = end;
  let latencies = 0;
  while (cursor.pos < end) {
    cursor.tag("http");
    if (cursor.fieldNumber === 5 && ++latencies > 1) throw new FieldProblem("http.latency", "is given twice");
    walkHttpField(cursor);
  }
  cursor.end = outerEnd;
}

function walkHttpField(cursor: WireCursor): void {
  switch (cursor.fieldNumber) {
    case 1:
      return boundedText(cursor, "http.client_ip", HTTP_SHORT_BYTES_MAX);
    case 2:
      return boundedText(cursor, "http.method", HTTP_SHORT_BYTES_MAX);
    case 3:
      return boundedText(cursor, "http.path", HTTP_LONG_BYTES_MAX);
    case 4:
      return boundedNumber(cursor, "http.status", HTTP_STATUS_MAX);
    case 5:
      secondsAndNanos(cursor, "http.latency", LATENCY_SECONDS_MAX);
      return;
    case 6:
      return boundedNumber(cursor, "http.response_bytes", RESPONSE_BYTES_MAX);
    case 7:
      return boundedText(cursor, "http.user_agent", HTTP_LONG_BYTES_MAX);
    case 8:
      return boundedText(cursor, "http.referer", HTTP_LONG_BYTES_MAX);
    case 9:
      return boundedText(cursor, "http.protocol", HTTP_SHORT_BYTES_MAX);
    default:
      cursor.skip("http");
  }
}

/** A Timestamp or Duration: seconds 1, nanos 2; neither may be negative. */
function secondsAndNanos(cursor: WireCursor, field: string, secondsMax: number): { seconds: number; nanos: number } {
  cursor.expect(LENGTH_DELIMITED, field);
  const end = cursor.length(field);
  const outerEnd = cursor.end;
  cursor.end = end;
  let seconds = 0;
  let nanos = 0;
  while (cursor.pos < end) {
    cursor.tag(field);
    if (cursor.fieldNumber > 2) {
      cursor.skip(field);
      continue;
    }
    cursor.expect(VARINT, field);
    if (cursor.fieldNumber === 1) seconds = cursor.varint(field);
    else nanos = cursor.varint(field);
  }
  cursor.end = outerEnd;
  if (seconds > secondsMax) {
    throw new FieldProblem(field, `has ${signed(seconds)} seconds; it must be from 0 to ${secondsMax}`, "out_of_range");
  }
  if (nanos > NANOS_MAX)
    throw new FieldProblem(field, `has ${signed(nanos)} nanos; it must be from 0 to ${NANOS_MAX}`, "out_of_range");
  return { seconds, nanos };
}

function boundedText(cursor: WireCursor, field: string, bytesMax: number): void {
  cursor.expect(LENGTH_DELIMITED, field);
  cursor.text(field, bytesMax);
}

function boundedNumber(cursor: WireCursor, field: string, max: number): void {
  cursor.expect(VARINT, field);
  const value = cursor.varint(field);
  if (value > max) throw new FieldProblem(field, `is ${signed(value)}; it must be from 0 to ${max}`, "out_of_range");
}

function hexText(cursor: WireCursor, field: string, digits: number): void {
  cursor.expect(LENGTH_DELIMITED, field);
  const end = cursor.length(field);
  const length = end - cursor.pos;
  let at = cursor.pos;
  while (at < end && isLowerHex(cursor.bytes[at]!)) at++;
  if (at < end || (length !== 0 && length !== digits)) {
    throw new FieldProblem(
      field,
      `must be empty or ${digits} lower-case hexadecimal digits; it is ${length} bytes long`,
    );
  }
  cursor.pos = end;
}

function isLowerHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}

/** Negative numbers are read as 2^63 and more: said as what they are, as well as a double can. */
function signed(value: number): string {
  return value >= 2 ** 63 ? "negative" : String(value);
}
