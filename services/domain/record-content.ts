import { hash } from "node:crypto";
import { fromBinary, type JsonObject, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";

const HASH_BYTES = 8;

/**
 * A 64-bit hash of an encoded LogRecord, byte for byte: what a store keeps to tell a repeated record from another one
 * under the same identity. Other bytes may still be the same content: `sameContent` decides then.
 */
export function contentHash(encoded: Uint8Array): Buffer {
  // Each byte as one character: that costs half of a buffer from the library.
  return Buffer.from(hash("sha256", encoded, "latin1").slice(0, HASH_BYTES), "latin1");
}

/**
 * True where two encoded LogRecords say the same: equal when decoded, whatever the order of their fields and of their
 * attributes' keys. Fields that this program does not know count too.
 *
 * @throws Error where one of them is no LogRecord.
 */
export function sameContent(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0 || Buffer.compare(canonical(one), canonical(other)) === 0;
}

/** One encoding for each content: fields by number, keys of every object in order. */
function canonical(encoded: Uint8Array): Uint8Array {
  const record = fromBinary(LogRecordSchema, encoded);
  if (record.attributes) record.attributes = sortedObject(record.attributes);
  record.$unknown?.sort((a, b) => a.no - b.no); // Stable: what is repeated keeps its order.
  return toBinary(LogRecordSchema, record);
}

function sortedObject(object: JsonObject): JsonObject {
  const entries = Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, sortedValue(value)]));
}

function sortedValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedValue);
  return typeof value === "object" && value !== null ? sortedObject(value) : value;
}
