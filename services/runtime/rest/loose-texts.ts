import { type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { isObject } from "./bound-parameters.ts";
import { textForm, type ValueForm } from "./text-forms.ts";

/** A text that is not what it stands for. */
export interface LooseText {
  /** "records[3].time" */
  name: string;
  text: string;
  wanted: string;
}

/** Of texts the library reads these, and no others, more freely than they are written: "0x10", "AQ=", "1s or so". */
const READ_FREELY: ReadonlySet<ScalarType | undefined> = new Set([
  ScalarType.BYTES,
  ScalarType.INT32,
  ScalarType.SINT32,
  ScalarType.SFIXED32,
  ScalarType.UINT32,
  ScalarType.FIXED32,
  ScalarType.INT64,
  ScalarType.SINT64,
  ScalarType.SFIXED64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
]);

/**
 * The first text in the JSON of a message that stands for a number, bytes, a time or a length of time, and is none. What
 * is wrong with the JSON otherwise, the library finds.
 */
export function findLooseText(desc: DescMessage, json: JsonValue | undefined): LooseText | undefined {
  if (!isObject(json)) return undefined;
  for (const field of fieldsToLookAt(desc)) {
    for (const key of field.name === field.jsonName ? [field.name] : [field.jsonName, field.name]) {
      const found = findInField(field, key, json[key]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function findInField(field: DescField, key: string, value: JsonValue | undefined): LooseText | undefined {
  if (field.fieldKind !== "list") return findInItem(field, key, value);
  if (!Array.isArray(value)) return undefined;
  for (const [index, item] of value.entries()) {
    const found = findInItem(field, key, item);
    if (found !== undefined) return { ...found, name: found.name.replace(key, `${key}[${index}]`) };
  }
  return undefined;
}

function findInItem(field: DescField, name: string, item: JsonValue | undefined): LooseText | undefined {
  const form = freeForm(field);
  if (form !== undefined) {
    if (typeof item !== "string") return undefined;
    const isExact = form.isExact ? form.isExact(item) : form.read(item) !== undefined;
    return isExact ? undefined : { name, text: item, wanted: form.wanted };
  }
  const inner = findLooseText(field.message!, item);
  return inner && { ...inner, name: `${name}.${inner.name}` };
}

const known = new Map<DescMessage, readonly DescField[]>();

/** The fields of a message that may have such a text, or messages that may. */
function fieldsToLookAt(desc: DescMessage): readonly DescField[] {
  const before = known.get(desc);
  if (before !== undefined) return before;
  const fields = desc.fields.filter((field) => mayBeLoose(field, new Set()));
  known.set(desc, fields);
  return fields;
}

function mayBeLoose(field: DescField, seen: Set<DescMessage>): boolean {
  const { fieldKind, message } = field;
  if (freeForm(field) !== undefined) return true;
  if (message === undefined || fieldKind === "map" || seen.has(message)) return false;
  seen.add(message);
  return !message.typeName.startsWith("google.protobuf.") && message.fields.some((each) => mayBeLoose(each, seen));
}

/** The form of a text that is read freely. */
function freeForm(field: DescField): ValueForm | undefined {
  return field.message !== undefined || READ_FREELY.has(field.scalar) ? textForm(field) : undefined;
}
