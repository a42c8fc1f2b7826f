import { Field_Type as Type } from "../../gen/logpulse/v1/query_service_pb.ts";
import type { NumberField, TextField } from "./condition.ts";
import type { FacetField } from "./facet-field.ts";
import { FILTER_ATTRIBUTE_PATH_BYTES_MAX } from "./limits.ts";
import { nearestName } from "./nearest-name.ts";
import { boundedText, invalidField } from "./request-fields.ts";

/** What a name asks for. */
export type NamedField =
  | { kind: "text"; field: TextField }
  | { kind: "number"; field: NumberField; unit?: "time" | "bytes" }
  | { kind: "level" }
  | { kind: "words"; scope: "message" | "anywhere" }
  | { kind: "identity" };

/** A field as people write it in queries. */
export interface FieldName {
  name: string;
  type: Type;
  operators: readonly string[];
  asks: NamedField;
}

const EQUAL = [":", "=", "!="];
const ORDERED = [...EQUAL, ">", ">=", "<", "<="];

const text = (name: string, field: TextField): FieldName => ({
  name,
  type: Type.TEXT,
  operators: [...EQUAL, "~"],
  asks: { kind: "text", field },
});

const number = (name: string, field: NumberField, unit?: "time" | "bytes"): FieldName => ({
  name,
  type: Type.NUMBER,
  operators: ORDERED,
  asks: { kind: "number", field, ...(unit ? { unit } : {}) },
});

const words = (name: string, scope: "message" | "anywhere"): FieldName => ({
  name,
  type: Type.WORDS,
  operators: EQUAL,
  asks: { kind: "words", scope },
});

/** Every field but attributes. docs/query-language.md has the same table. */
export const FIELD_NAMES: readonly FieldName[] = [
  { name: "level", type: Type.LEVEL, operators: ORDERED, asks: { kind: "level" } },
  text("service", "service"),
  words("message", "message"),
  words("anywhere", "anywhere"),
  text("path", "path"),
  number("status", "status"),
  text("method", "method"),
  number("latency", "latency_nanos", "time"),
  text("ip", "client_ip"),
  number("bytes", "response_bytes", "bytes"),
  text("agent", "user_agent"),
  text("referer", "referer"),
  text("protocol", "protocol"),
  text("trace", "trace_id"),
  text("span", "span_id"),
  { name: "id", type: Type.ID, operators: EQUAL, asks: { kind: "identity" } },
  number("severity", "severity"),
  text("level_text", "severity_text"),
];

/** What people write for these from habit. */
const ALIASES: Record<string, string> = {
  trace_id: "trace",
  span_id: "span",
  client_ip: "ip",
  user_agent: "agent",
  severity_text: "level_text",
};

/** The operators that an attribute can have. */
export const ATTRIBUTE_OPERATORS: readonly string[] = EQUAL;

const ATTRIBUTE = "attr.";
/** An attribute's path as it may stand without quotes: no blank, parenthesis, quote or operator in it. */
export const BARE_PATH = /[^\s()"!=<>~:]+/y;

/** The field of that name; undefined where there is none. Names of attributes are none of these. */
export function fieldOfName(name: string): FieldName | undefined {
  const known = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
  return FIELD_NAMES.find((field) => field.name === known);
}

/** The name that is most like it, where one is. */
export function nearestFieldName(name: string): string | undefined {
  return nearestName(name, [...FIELD_NAMES.map((field) => field.name), ...Object.keys(ALIASES)]);
}

/** The text in quotes, as queries write it. */
export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** An attribute as it stands in a query: `attr.user.id`, `attr."a b"`. */
export function attributeFieldName(path: string): string {
  BARE_PATH.lastIndex = 0;
  const isBare = BARE_PATH.exec(path)?.[0] === path;
  return ATTRIBUTE + (isBare ? path : quoted(path));
}

/**
 * The field of that name whose values are to be counted. `place`: where the name was given.
 *
 * @throws LogPulseError `invalid_request` with the nearest name, or for a field that has no values to count.
 */
export function facetField(name: string, place: string): FacetField {
  boundedText(place, name);
  if (name.startsWith(ATTRIBUTE)) return { kind: "attribute", path: pathOfName(name.slice(ATTRIBUTE.length), place) };
  const field = fieldOfName(name);
  const shown = name.slice(0, 100);
  if (!field) {
    const nearest = nearestFieldName(name);
    throw invalidField(place, `is "${shown}"; there is no such field${nearest ? `, did you mean ${nearest}?` : ""}`);
  }
  const { asks } = field;
  if (asks.kind === "text" || asks.kind === "level") return asks;
  if (asks.kind === "number") return { kind: "number", field: asks.field };
  throw invalidField(place, `is "${shown}", of which values are not counted`);
}

function pathOfName(written: string, place: string): string {
  const inQuotes = /^"((?:[^"\\]|\\["\\]|\\(?!["\\]))*)"$/s.exec(written)?.[1];
  const path = inQuotes === undefined ? written : inQuotes.replace(/\\(["\\])/g, "$1");
  if (path === "" || !path.isWellFormed()) throw invalidField(place, "has no attribute's name behind attr.");
  return boundedText(place, path, FILTER_ATTRIBUTE_PATH_BYTES_MAX);
}
