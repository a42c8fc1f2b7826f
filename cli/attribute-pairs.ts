import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/**
 * The leaves of attributes: their path, with "." between keys, and their value as text. A list is one leaf, as JSON; it
 * is in the order of the record.
 */
export function attributePairs(attributes: JsonObject, above = ""): [path: string, value: string][] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    const path = `${above}${key}`;
    return isObject(value) ? attributePairs(value, `${path}.`) : [[path, leafText(value)]];
  });
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

function leafText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
