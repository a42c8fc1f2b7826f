import type { DescField, DescMessage, JsonValue } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { isObject } from "./bound-parameters.ts";

/**
 * Is this time in the calendar? The library takes February 30 for March 2, and 24:00 for the next day. `text`: of a form
 * that the library takes.
 */
export function isInCalendar(text: string): boolean {
  const day = text.slice(0, 10);
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) && text.slice(11, 13) !== "24";
}

/** Where the JSON of a message has a time that is not in the calendar: "records[3].time"; undefined for nowhere. */
export function findTimeOffCalendar(desc: DescMessage, json: JsonValue | undefined): string | undefined {
  if (!isObject(json)) return undefined;
  for (const field of fieldsWithTimes(desc)) {
    for (const key of new Set([field.jsonName, field.name])) {
      const found = findInField(field, key, json[key]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function findInField(field: DescField, key: string, value: JsonValue | undefined): string | undefined {
  const desc = field.message!;
  if (field.fieldKind !== "list") return findInItem(desc, key, value);
  if (!Array.isArray(value)) return undefined;
  for (const [index, item] of value.entries()) {
    const found = findInItem(desc, `${key}[${index}]`, item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findInItem(desc: DescMessage, name: string, item: JsonValue | undefined): string | undefined {
  if (isTime(desc)) return typeof item === "string" && !isInCalendar(item) ? name : undefined;
  const inner = findTimeOffCalendar(desc, item);
  return inner === undefined ? undefined : `${name}.${inner}`;
}

const known = new Map<DescMessage, readonly DescField[]>();

/** The fields of a message that are times, or messages that may have one. */
function fieldsWithTimes(desc: DescMessage): readonly DescField[] {
  const before = known.get(desc);
  if (before !== undefined) return before;
  const fields = desc.fields.filter((field) => mayHaveTime(field, new Set()));
  known.set(desc, fields);
  return fields;
}

function mayHaveTime({ fieldKind, message }: DescField, seen: Set<DescMessage>): boolean {
  if (message === undefined || fieldKind === "map" || seen.has(message)) return false;
  seen.add(message);
  return isTime(message) || message.fields.some((field) => mayHaveTime(field, seen));
}

function isTime({ typeName }: DescMessage): boolean {
  return typeName === TimestampSchema.typeName;
}
