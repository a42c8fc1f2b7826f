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
  const items = field.fieldKind === "list" && Array.isArray(value) ? value : [value];
  for (const [index, item] of items.entries()) {
    const name = field.fieldKind === "list" ? `${key}[${index}]` : key;
    if (desc.typeName !== TimestampSchema.typeName) {
      const inner = findTimeOffCalendar(desc, item);
      if (inner !== undefined) return `${name}.${inner}`;
    } else if (typeof item === "string" && !isInCalendar(item)) {
      return name;
    }
  }
  return undefined;
}

const known = new Map<DescMessage, readonly DescField[]>();

/** The fields of a message that are times, or messages that may have one. */
function fieldsWithTimes(desc: DescMessage): readonly DescField[] {
  let fields = known.get(desc);
  if (fields === undefined) {
    known.set(desc, []); // A message that has itself in it ends here.
    fields = desc.fields.filter(({ fieldKind, message }) => {
      if (message === undefined || fieldKind === "map") return false;
      return message.typeName === TimestampSchema.typeName || fieldsWithTimes(message).length > 0;
    });
    known.set(desc, fields);
  }
  return fields;
}
