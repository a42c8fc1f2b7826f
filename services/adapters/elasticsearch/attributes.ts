import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { HTTP_LONG_BYTES_MAX } from "../../domain/limits.ts";

/** Attributes as the index takes them. */
export interface SplitAttributes {
  /** For the `flattened` field; undefined where nothing is left for it. */
  indexed: JsonObject | undefined;
  /** Top-level keys that `flattened` would refuse, and the whole record with them: stored, not searchable. */
  unindexed: JsonObject | undefined;
  /** False where JSON, as Elasticsearch writes it again, says something else: -0, not a number, infinite. */
  exact: boolean;
}

// A term of `flattened` is path, NUL, value, together at most 32,766 bytes. The value is at most 8191 characters of 3
// bytes (ignore_above; a character of 4 bytes counts as 2), which leaves 8192 for the path.
const PATH_BYTES_MAX = HTTP_LONG_BYTES_MAX;
const DEPTH_MAX = 20; // depth_limit of `flattened`.

/** Divides a record's attributes, top-level key by top-level key. Empty attributes stay empty, not missing. */
export function splitAttributes(attributes: JsonObject): SplitAttributes {
  const scan: Scan = { indexable: true, exact: true };
  const taken: [string, JsonValue][] = [];
  const refused: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(attributes)) {
    scan.indexable = true;
    scanKey(scan, key, value, 0, 1);
    (scan.indexable ? taken : refused).push([key, value]);
  }
  if (refused.length === 0) return { indexed: attributes, unindexed: undefined, exact: scan.exact };
  return {
    indexed: taken.length > 0 ? Object.fromEntries(taken) : undefined,
    unindexed: Object.fromEntries(refused),
    exact: scan.exact,
  };
}

interface Scan {
  indexable: boolean;
  exact: boolean;
}

function scanKey(scan: Scan, key: string, value: JsonValue, parentBytes: number, depth: number): void {
  const pathBytes = parentBytes + Buffer.byteLength(key) + 1; // With the dot, or the NUL behind the last key.
  if (pathBytes > PATH_BYTES_MAX + 1 || depth > DEPTH_MAX || key.includes("\0")) scan.indexable = false;
  scanValue(scan, value, pathBytes, depth);
}

function scanValue(scan: Scan, value: JsonValue, pathBytes: number, depth: number): void {
  if (typeof value === "number") {
    if (!Number.isFinite(value) || Object.is(value, -0)) scan.exact = false;
  } else if (Array.isArray(value)) {
    for (const element of value) scanValue(scan, element, pathBytes, depth);
  } else if (value !== null && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) scanKey(scan, key, inner, pathBytes, depth + 1);
  }
}
