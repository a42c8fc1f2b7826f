import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { JSON_DEPTH_MAX } from "../limits.ts";
import type { LineProblem } from "./line-format.ts";

/** What a number may lose as a double: digits of a whole number beyond 2^53, or everything where it is beyond 10^308. */
const MAY_LOSE = /\d{16}|\d[eE]\+?\d{3}/;

const TEXT_SHOWN_CHARACTERS_MAX = 60;

/** A reviver that sees how a value is written, as ECMAScript has it since 2025 and the types do not yet. */
type SourceReviver = (key: string, value: JsonValue, context: { source?: string }) => JsonValue;

/**
 * Reads the text of one JSON object. Numbers that a double cannot say (identities of 64 bits, nanoseconds since 1970) come
 * as texts of their digits. Of a key that is given twice the last one counts, as with all readers of JSON.
 */
export function parseJsonObject(text: string): { object: JsonObject } | LineProblem {
  const begin = text.search(/[^ \t\r\n]/);
  if (text[begin] !== "{") return problem(`begins with "${text.slice(0, TEXT_SHOWN_CHARACTERS_MAX)}"; wanted {`);
  let object: JsonObject;
  try {
    object = JSON.parse(text) as JsonObject;
  } catch (reason) {
    return problem(`is no JSON: ${(reason as SyntaxError).message.slice(0, 2 * TEXT_SHOWN_CHARACTERS_MAX)}`);
  }
  if (isDeeperThan(object, JSON_DEPTH_MAX)) return problem(`nests deeper than ${JSON_DEPTH_MAX} levels`);
  if (!MAY_LOSE.test(text)) return { object };
  return { object: JSON.parse(text, exactNumber as (key: string, value: unknown) => unknown) as JsonObject };
}

const exactNumber: SourceReviver = (_key, value, { source }) => {
  if (typeof value !== "number" || source === undefined) return value;
  const isLost = !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
  return isLost ? source : value;
};

/** Whether arrays and objects stand in one another more than so many levels deep, the outermost included. */
function isDeeperThan(value: JsonValue, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => isDeeperThan(inner as JsonValue, levels - 1));
}

function problem(reason: string): LineProblem {
  return { field: "line", reason };
}
