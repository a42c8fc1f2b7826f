import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ATTRIBUTE_DEPTH_MAX, ATTRIBUTE_KEYS_MAX } from "../limits.ts";

/** The attribute that holds, as the text of a JSON object, the keys for which a record has no room. */
export const MORE_FIELDS = "more_fields";

/**
 * Fields as attributes within the contract's limits; undefined where there are none. Nothing is left out: of more than
 * ATTRIBUTE_KEYS_MAX keys the last ones become one attribute, MORE_FIELDS, and what nests deeper than ATTRIBUTE_DEPTH_MAX
 * levels its JSON text, both as JSON.stringify writes it. Half a surrogate pair, which UTF-8 cannot say, becomes U+FFFD.
 */
export function attributesOf(fields: JsonObject): JsonObject | undefined {
  const entries = Object.entries(fields);
  if (entries.length === 0) return undefined;
  if (entries.length <= ATTRIBUTE_KEYS_MAX) return objectWithin(entries, 1);
  const roomy = entries.filter(([key]) => key !== MORE_FIELDS).slice(0, ATTRIBUTE_KEYS_MAX - 1);
  const kept = new Set(roomy.map(([key]) => key));
  const more = Object.fromEntries(entries.filter(([key]) => !kept.has(key)));
  return objectWithin([...roomy, [MORE_FIELDS, JSON.stringify(more)]], 1);
}

function objectWithin(entries: readonly [string, JsonValue][], depth: number): JsonObject {
  return Object.fromEntries(entries.map(([key, value]) => [key.toWellFormed(), valueWithin(value, depth)]));
}

function valueWithin(value: JsonValue, depth: number): JsonValue {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  if (depth === ATTRIBUTE_DEPTH_MAX) return JSON.stringify(value);
  if (Array.isArray(value)) return value.map((element) => valueWithin(element, depth + 1));
  return objectWithin(Object.entries(value), depth + 1);
}
