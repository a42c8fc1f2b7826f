import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { isFindable } from "../../domain/attribute-leaves.ts";

/** Attributes as the index takes them. */
export interface SplitAttributes {
  /** For the `flattened` field; undefined where nothing is left for it. */
  indexed: JsonObject | undefined;
  /** Top-level keys that `flattened` would refuse, and the whole record with them: stored, not searchable. */
  unindexed: JsonObject | undefined;
  /** False where JSON, as Elasticsearch writes it again, says something else: -0, not a number, infinite. */
  exact: boolean;
}

/** Divides a record's attributes, top-level key by top-level key. Empty attributes stay empty, not missing. */
export function splitAttributes(attributes: JsonObject): SplitAttributes {
  const taken: [string, JsonValue][] = [];
  const refused: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(attributes)) (isFindable(key, value) ? taken : refused).push([key, value]);
  const exact = isExact(attributes);
  if (refused.length === 0) return { indexed: attributes, unindexed: undefined, exact };
  return {
    indexed: taken.length > 0 ? Object.fromEntries(taken) : undefined,
    unindexed: Object.fromEntries(refused),
    exact,
  };
}

function isExact(value: JsonValue): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  return value === null || typeof value !== "object" || Object.values(value).every(isExact);
}
