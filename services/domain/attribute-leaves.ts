import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ATTRIBUTE_VALUE_CHARACTERS_MAX, HTTP_LONG_BYTES_MAX } from "./limits.ts";

/** One value of a record's attributes, as conditions, facets and field lists see it. */
export interface AttributeLeaf {
  /** The keys from the top down, apart by ".". Lists add nothing to it. */
  path: string;
  /** A text as it is, a number as JSON.stringify writes it, "true" or "false". */
  text: string;
  kind: "string" | "number" | "boolean";
}

// A term of Elasticsearch's `flattened` is path, NUL, value, together at most 32,766 bytes. The value is at most 8191
// characters of 3 bytes (one of 4 bytes counts as 2), which leaves 8192 for the path.
const PATH_BYTES_MAX = HTTP_LONG_BYTES_MAX;
const DEPTH_MAX = 20; // depth_limit of `flattened`.

/**
 * Every value that can be asked for, in the order of the attributes; of a list each element, repeats included.
 *
 * None of null, of texts longer than ATTRIBUTE_VALUE_CHARACTERS_MAX, and of keys of the top that are not `isFindable`.
 * Two ways to write one path ("a.b" as a key, and "b" below "a") give leaves of the same path.
 */
export function attributeLeaves(attributes: JsonObject): AttributeLeaf[] {
  const leaves: AttributeLeaf[] = [];
  for (const [key, value] of Object.entries(attributes)) {
    if (isFindable(key, value)) addLeaves(leaves, key, value);
  }
  return leaves;
}

function addLeaves(leaves: AttributeLeaf[], path: string, value: JsonValue): void {
  if (value === null) return;
  if (typeof value === "string") {
    if (value.length <= ATTRIBUTE_VALUE_CHARACTERS_MAX) leaves.push({ path, text: value, kind: "string" });
  } else if (typeof value === "number") leaves.push({ path, text: JSON.stringify(value), kind: "number" });
  else if (typeof value === "boolean") leaves.push({ path, text: String(value), kind: "boolean" });
  else if (Array.isArray(value)) for (const element of value) addLeaves(leaves, path, element);
  else for (const [key, inner] of Object.entries(value)) addLeaves(leaves, `${path}.${key}`, inner);
}

/**
 * Whether anything below this key of the top can be asked for. Elasticsearch's `flattened` would refuse the record for a
 * key with NUL, a path of more than 8191 bytes or more than 20 levels; such keys are stored, and found by no engine.
 */
export function isFindable(key: string, value: JsonValue): boolean {
  return isFindableKey(key, value, 0, 1);
}

function isFindableKey(key: string, value: JsonValue, parentBytes: number, depth: number): boolean {
  const pathBytes = parentBytes + Buffer.byteLength(key) + 1; // With the dot, or the NUL behind the last key.
  if (pathBytes > PATH_BYTES_MAX + 1 || depth > DEPTH_MAX || key.includes("\0")) return false;
  return isFindableValue(value, pathBytes, depth);
}

function isFindableValue(value: JsonValue, pathBytes: number, depth: number): boolean {
  if (value === null || typeof value !== "object") return true;
  if (Array.isArray(value)) return value.every((element) => isFindableValue(element, pathBytes, depth));
  return Object.entries(value).every(([key, inner]) => isFindableKey(key, inner, pathBytes, depth + 1));
}
