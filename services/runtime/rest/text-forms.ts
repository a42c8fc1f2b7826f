import { type DescField, fromJson, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { DurationSchema, FieldMaskSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";

/** What a text must be, in words, and how it is read; undefined where it is none. */
export interface ValueForm {
  readonly wanted: string;
  read(text: string): JsonValue | undefined;
  /** Is it what it must be, as far as the library does not look? Left out: where `read` reads it. */
  isExact?(text: string): boolean;
}

const INT32 = wholeNumber(-(2n ** 31n), 2n ** 31n - 1n);
const UINT32 = wholeNumber(0n, 2n ** 32n - 1n);
const INT64 = wholeNumber(-(2n ** 63n), 2n ** 63n - 1n);
const UINT64 = wholeNumber(0n, 2n ** 64n - 1n);
const NUMBER: ValueForm = {
  wanted: "a number",
  read: (text) => (/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) ? finite(Number(text)) : undefined),
};
const BOOL: ValueForm = {
  wanted: "true or false",
  read: (text) => (/^(true|t|yes|y|1)$/i.test(text) ? true : /^(false|f|no|n|0)$/i.test(text) ? false : undefined),
};
const BASE64: ValueForm = {
  wanted: "base64",
  read: (text) => {
    const signs = text.replace(/={1,2}$/, "");
    const fits = signs.length < text.length ? text.length % 4 === 0 : text.length % 4 !== 1;
    return fits && /^([\w-]*|[A-Za-z0-9+/]*)$/.test(signs) ? text : undefined;
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

/** Messages that are a text in JSON. */
const FORM_OF_MESSAGE: ReadonlyMap<string, ValueForm> = new Map([
  textMessage(TimestampSchema, "a time of the calendar as RFC 3339 has it, like 2026-01-31T12:00:00.5Z", isInCalendar),
  textMessage(DurationSchema, 'seconds, like "1.5s"', (text) => /^-?\d+(\.\d{1,9})?s$/.test(text)),
  textMessage(FieldMaskSchema, "names of fields with commas between them", () => true),
]);

/** The form of a text that stands for a value of this field, or of one item of it; undefined for enums and messages. */
export function textForm(field: DescField): ValueForm | undefined {
  if (field.fieldKind === "map") return undefined;
  if (field.scalar !== undefined) return FORM_OF_SCALAR[field.scalar];
  return field.message && FORM_OF_MESSAGE.get(field.message.typeName);
}

/** As text, in which also 64 bits are exact. */
function wholeNumber(min: bigint, max: bigint): ValueForm {
  const form = min < 0n ? /^[+-]?\d{1,40}$/ : /^\+?\d{1,40}$/;
  return {
    wanted: `a whole number from ${min} to ${max}`,
    read: (text) => {
      if (!form.test(text)) return undefined;
      const value = BigInt(text.replace(/^\+/, ""));
      return value >= min && value <= max ? String(value) : undefined;
    },
  };
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** `isExact`: what the library does not look at. */
function textMessage(
  desc: typeof TimestampSchema | typeof DurationSchema | typeof FieldMaskSchema,
  wanted: string,
  isExact: (text: string) => boolean,
): [string, ValueForm] {
  const read = (text: string) => {
    try {
      fromJson(desc, text);
      return isExact(text) ? text : undefined;
    } catch {
      return undefined; // The caller says what is wanted.
    }
  };
  return [desc.typeName, { wanted, read, isExact }];
}

/** The library takes February 30 for March 2, and 24:00 for the next day. */
function isInCalendar(text: string): boolean {
  const day = text.slice(0, 10);
  if (text.slice(11, 13) === "24") return false;
  if (text.slice(8, 10) <= "28") return true; // Every month has so many days; other forms the library refuses.
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
