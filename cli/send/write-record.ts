import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { HttpRequest, LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import type { WireWriter } from "./wire-writer.ts";

/**
 * Writes a record as that field: what protobuf's own encoder writes, in a fraction of its time (a property test holds the
 * two together). Gives how many bytes the record has.
 */
export function writeRecord(writer: WireWriter, field: number, record: LogRecord): number {
  const begin = writer.begin(field);
  if (record.time) writeTime(writer, 1, record.time);
  writeNumber(writer, 2, record.severity);
  writeText(writer, 3, record.severityText);
  writeText(writer, 4, record.service);
  writeText(writer, 5, record.message);
  if (record.attributes) writeStruct(writer, 6, record.attributes);
  writeText(writer, 7, record.traceId);
  writeText(writer, 8, record.spanId);
  if (record.raw) writer.bytes(9, record.raw);
  if (record.http) writeRequest(writer, 10, record.http);
  return writer.end(begin);
}

function writeRequest(writer: WireWriter, field: number, http: HttpRequest): void {
  const begin = writer.begin(field);
  writeText(writer, 1, http.clientIp);
  writeText(writer, 2, http.method);
  writeText(writer, 3, http.path);
  writeNumber(writer, 4, http.status);
  if (http.latency) writeTime(writer, 5, http.latency);
  writeNumber(writer, 6, Number(http.responseBytes));
  writeText(writer, 7, http.userAgent);
  writeText(writer, 8, http.referer);
  writeText(writer, 9, http.protocol);
  writer.end(begin);
}

function writeTime(writer: WireWriter, field: number, { seconds, nanos }: Timestamp | Duration): void {
  const begin = writer.begin(field);
  writeNumber(writer, 1, Number(seconds));
  writeNumber(writer, 2, nanos);
  writer.end(begin);
}

/** Nothing for 0, as proto3 has it. */
function writeNumber(writer: WireWriter, field: number, value: number): void {
  if (value !== 0) writer.wholeNumber(field, value);
}

function writeText(writer: WireWriter, field: number, text: string): void {
  if (text !== "") writer.text(field, text);
}

/** google/protobuf/struct.proto: a map's entries, each with key 1 and value 2. */
function writeStruct(writer: WireWriter, field: number, object: JsonObject): void {
  const begin = writer.begin(field);
  for (const key of Object.keys(object)) {
    const entry = writer.begin(1);
    writer.text(1, key);
    writeValue(writer, 2, object[key]!);
    writer.end(entry);
  }
  writer.end(begin);
}

function writeValue(writer: WireWriter, field: number, value: JsonValue): void {
  const begin = writer.begin(field);
  if (value === null) writer.wholeNumber(1, 0);
  else if (typeof value === "number") writer.double(2, value);
  else if (typeof value === "string") writer.text(3, value);
  else if (typeof value === "boolean") writer.wholeNumber(4, value ? 1 : 0);
  else if (Array.isArray(value)) writeList(writer, 6, value);
  else writeStruct(writer, 5, value);
  writer.end(begin);
}

function writeList(writer: WireWriter, field: number, values: readonly JsonValue[]): void {
  const begin = writer.begin(field);
  for (const value of values) writeValue(writer, 1, value);
  writer.end(begin);
}
