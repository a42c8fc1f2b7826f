import { type DescEnum, type DescField, fromJson, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { DurationSchema, FieldMaskSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { invalidField } from "../../domain/request-fields.ts";
import { isInCalendar } from "./calendar-times.ts";

/** What a value must be, in words, and how it is read; undefined where it is none. */
interface ValueForm {
  readonly wanted: string;
  read(text: string): JsonValue | undefined;
}

const INT32 = wholeNumber(-(2n ** 31n), 2n ** 31n - 1n);
const UINT32 = wholeNumber(0n, 2n ** 32n - 1n);
const INT64 = wholeNumber(-(2n ** 63n), 2n ** 63n - 1n);
const UINT64 = wholeNumber(0n, 2n ** 64n - 1n);
const NUMBER: ValueForm = {
  wanted: "a number",
  read: (text) => (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? finite(Number(text)) : undefined),
};
const BOOL: ValueForm = {
  wanted: "true or false",
  read: (text) => (/^(true|t|yes|y|1)$/i.test(text) ? true : /^(false|f|no|n|0)$/i.test(text) ? false : undefined),
};
const BASE64: ValueForm = {
  wanted: "base64",
  read: (text) => {
    const bytes = text.replace(/={1,2}$/, "");
    const isPadded = bytes.length < text.length;
    const fits = isPadded ? text.length % 4 === 0 : text.length % 4 !== 1;
    return fits && /^([\w-]*|[A-Za-z0-9+/]*)$/.test(bytes) ? text : undefined;
  },
};

const FORM_OF_SCALAR: Record<ScalarType, ValueForm> = {
  [ScalarType.STRING]: { wanted: "text", read: (text) => text },
  [ScalarType.BYTES]: BASE64,
  [ScalarType.BOOL]: BOOL,
  [ScalarType.DOUBLE]: NUMBER,
  [ScalarType.FLOAT]: NUMBER,
  [ScalarType.INT32]: INT32,
  [ScalarType.SINT32]: INT32,
  [ScalarType.SFIXED32]: INT32,
  [ScalarType.UINT32]: UINT32,
  [ScalarType.FIXED32]: UINT32,
  [ScalarType.INT64]: INT64,
  [ScalarType.SINT64]: INT64,
  [ScalarType.SFIXED64]: INT64,
  [ScalarType.UINT64]: UINT64,
  [ScalarType.FIXED64]: UINT64,
};

const FORM_OF_MESSAGE = new Map(
  (
    [
      [TimestampSchema, "a time as RFC 3339 has it, like 2026-01-31T12:00:00.5Z"],
      [DurationSchema, 'seconds, like "1.5s"'],
      [FieldMaskSchema, "names of fields with commas between them"],
    ] as const
  ).map(([desc, wanted]) => [desc.typeName as string, { wanted, read: readBy(desc) }]),
);

/**
 * A parameter's text as the JSON of its field, or of one item where the field has many. `name`: as the caller wrote it.
 *
 * @throws LogPulseError `invalid_request` naming parameter, value and what is wanted.
 */
export function parameterValue(field: DescField, name: string, text: string): JsonValue {
  const form = formOf(field);
  if (form === undefined) throw invalidField(name, "is a message; give the fields in it, or send it in a body");
  const value = form.read(text);
  if (value === undefined) throw invalidField(name, `is ${JSON.stringify(text)}; it must be ${form.wanted}`);
  return value;
}

function formOf(field: DescField): ValueForm | undefined {
  if (field.scalar !== undefined && field.fieldKind !== "map") return FORM_OF_SCALAR[field.scalar];
  if (field.enum !== undefined && field.fieldKind !== "map") return enumForm(field.enum);
  return field.fieldKind === "message" ? FORM_OF_MESSAGE.get(field.message.typeName) : undefined;
}

function enumForm({ values }: DescEnum): ValueForm {
  return {
    wanted: `one of ${values.map(({ name }) => name).join(", ")}, or its number`,
    read: (text) =>
      values.find(({ name, number }) => name === text || (/^[+-]?\d{1,10}$/.test(text) && Number(text) === number))
        ?.name,
  };
}

/** As text, in which also 64 bits are exact. */
function wholeNumber(min: bigint, max: bigint): ValueForm {
  return {
    wanted: `a whole number from ${min} to ${max}`,
    read: (text) => {
      if (!/^[+-]?\d{1,40}$/.test(text)) return undefined;
      const value = BigInt(text.replace(/^\+/, ""));
      return value >= min && value <= max ? String(value) : undefined;
    },
  };
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function readBy(desc: typeof TimestampSchema | typeof DurationSchema | typeof FieldMaskSchema) {
  return (text: string): JsonValue | undefined => {
    try {
      fromJson(desc, text);
      return desc !== TimestampSchema || isInCalendar(text) ? text : undefined;
    } catch {
      return undefined; // The caller says what is wanted.
    }
  };
}
