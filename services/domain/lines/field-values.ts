import type { JsonValue } from "@bufbuild/protobuf";

/** A text that is not empty and has at most `bytesMax`; undefined for any other value. */
export function boundedTextOf(value: JsonValue, bytesMax: number): string | undefined {
  if (typeof value !== "string" || value === "" || value.length > bytesMax) return undefined;
  return Buffer.byteLength(value) <= bytesMax && value.isWellFormed() ? value : undefined;
}

/** A whole number from 0 to `max`, or such a one in digits; undefined for any other value. */
export function countOf(value: JsonValue, max: number): number | undefined {
  const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > max) return undefined;
  return number;
}
