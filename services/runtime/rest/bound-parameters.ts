import type { DescField, DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { LogPulseError } from "../../domain/errors.ts";
import { invalidField } from "../../domain/request-fields.ts";
import { type FieldPath, resolveFieldPath } from "./field-path.ts";
import type { RestRule } from "./http-rules.ts";
import { parameterValue } from "./parameter-value.ts";
import { percentDecode } from "./percent-decoding.ts";

/** What a request says outside of its body: the JSON of its message, as far as it is known from there. */
export type BoundParameters = JsonObject;

/**
 * Reads the variables of the path and the parameters of the query. Of a field with one value that is given more than
 * once in the query the last one counts; a field with many values has all of them. A parameter without "=" is none.
 *
 * @throws LogPulseError `invalid_request` naming the parameter: unknown, not of its field's type, or in path and query.
 */
export function bindParameters(
  { method, template }: RestRule,
  variables: ReadonlyMap<string, string>,
  query: string,
): BoundParameters {
  const bound: JsonObject = {};
  for (const [name, raw] of variables) {
    const path = resolveFieldPath(method.input, name);
    put(bound, path, parameterValue(path[0], name, percentDecode(raw, name)));
  }
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    if (equals <= 0) continue;
    const name = nameOf(pair.slice(0, equals));
    const path = resolveFieldPath(method.input, name);
    if (variables.has(path[0].name)) throw invalidField(name, `is given by the path ${template.text} already`);
    const text = percentDecode(pair.slice(equals + 1), `the value of ${name}`, true);
    put(bound, path, parameterValue(path.at(-1)!, name, text));
  }
  return bound;
}

/**
 * The JSON of the whole message: what the body says and what was bound beside it. `body` is changed and returned.
 *
 * @throws LogPulseError `invalid_request` where both give the same field; of a field with many values both are taken.
 */
export function mergeIntoBody(desc: DescMessage, body: JsonObject, bound: BoundParameters, above = ""): JsonObject {
  for (const [jsonName, value] of Object.entries(bound)) {
    const field = desc.fields.find((each) => each.jsonName === jsonName)!;
    const key = [field.jsonName, field.name].find((each) => Object.hasOwn(body, each)) ?? jsonName;
    const given = Object.hasOwn(body, key) ? body[key] : null;
    body[key] = given === undefined || given === null ? value : merged(field, given, value, `${above}${field.name}`);
  }
  return body;
}

function merged(field: DescField, given: JsonValue, value: JsonValue, name: string): JsonValue {
  if (Array.isArray(given) && Array.isArray(value)) return [...given, ...value];
  if (field.fieldKind !== "message" || !isObject(given) || !isObject(value)) {
    const message = `${name} is given by the body and by a parameter; one of them is to be left out`;
    throw new LogPulseError("invalid_request", message, { metadata: { field: name } });
  }
  return mergeIntoBody(field.message, given, value, `${name}.`);
}

/** Keys are names of the contract, so nothing of a caller's becomes one. */
function put(target: JsonObject, [field, ...below]: FieldPath, value: JsonValue): void {
  const known = target[field.jsonName];
  const [first, ...rest] = below;
  if (first !== undefined) {
    const inner = isObject(known) ? known : {};
    put(inner, [first, ...rest], value);
    target[field.jsonName] = inner;
  } else if (field.fieldKind === "list") {
    const items = Array.isArray(known) ? known : [];
    items.push(value);
    target[field.jsonName] = items;
  } else {
    target[field.jsonName] = value;
  }
}

/** A name may be percent-encoded; an encoded dot does not take it apart, and is in no field's name either. */
function nameOf(raw: string): string {
  const parts = raw.split(".").map((part) => percentDecode(part, "the name of a parameter"));
  const wrong = parts.find((part) => part.includes("."));
  return wrong === undefined ? parts.join(".") : raw;
}

/** Is it a JSON object, and no array? */
export function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
