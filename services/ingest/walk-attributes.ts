import { ATTRIBUTE_DEPTH_MAX, ATTRIBUTE_KEYS_MAX, RECORD_BYTES_MAX } from "../domain/limits.ts";
import { FIXED_64, FieldProblem, LENGTH_DELIMITED, VARINT, type WireCursor } from "./wire-cursor.ts";

const FIELD = "attributes";

/**
 * Walks a google.protobuf.Struct up to `end`. Whatever passes can be written as JSON: finite numbers, every value with
 * exactly one kind, at most 64 keys at the top and 8 levels.
 */
export function walkAttributes(cursor: WireCursor, end: number): void {
  walkStruct(cursor, end, 1);
}

function walkStruct(cursor: WireCursor, end: number, depth: number): void {
  if (depth > ATTRIBUTE_DEPTH_MAX) {
    throw new FieldProblem(FIELD, `nests deeper than ${ATTRIBUTE_DEPTH_MAX} levels`, "too_many");
  }
  let keys = 0;
  eachField(cursor, end, () => {
    if (cursor.fieldNumber !== 1) return false;
    keys++;
    if (depth === 1 && keys > ATTRIBUTE_KEYS_MAX) {
      throw new FieldProblem(FIELD, `has more than ${ATTRIBUTE_KEYS_MAX} keys`, "too_many");
    }
    walkEntry(cursor, enter(cursor), depth);
    return true;
  });
}

/** A map's entry: `key` 1 and `value` 2, each once; a missing value would be one without a kind. */
function walkEntry(cursor: WireCursor, end: number, depth: number): void {
  let values = 0;
  eachField(cursor, end, () => {
    if (cursor.fieldNumber === 1) {
      cursor.expect(LENGTH_DELIMITED, FIELD);
      cursor.text(FIELD, RECORD_BYTES_MAX);
      return true;
    }
    if (cursor.fieldNumber !== 2) return false;
    values++;
    walkValue(cursor, enter(cursor), depth);
    return true;
  });
  if (values !== 1) throw new FieldProblem(FIELD, "has a key with no value or more than one");
}

function walkList(cursor: WireCursor, end: number, depth: number): void {
  if (depth > ATTRIBUTE_DEPTH_MAX) {
    throw new FieldProblem(FIELD, `nests deeper than ${ATTRIBUTE_DEPTH_MAX} levels`, "too_many");
  }
  eachField(cursor, end, () => {
    if (cursor.fieldNumber !== 1) return false;
    walkValue(cursor, enter(cursor), depth);
    return true;
  });
}

function walkValue(cursor: WireCursor, end: number, depth: number): void {
  let kinds = 0;
  eachField(cursor, end, () => {
    if (cursor.fieldNumber > 6) return false;
    kinds++;
    walkKind(cursor, depth);
    return true;
  });
  if (kinds !== 1) throw new FieldProblem(FIELD, "has a value with no kind or more than one");
}

/** One of google.protobuf.Value's kinds: null 1, number 2, string 3, bool 4, struct 5, list 6. */
function walkKind(cursor: WireCursor, depth: number): void {
  switch (cursor.fieldNumber) {
    case 1:
    case 4: {
      cursor.expect(VARINT, FIELD);
      const value = cursor.varint(FIELD);
      if (value > (cursor.fieldNumber === 1 ? 0 : 1)) {
        throw new FieldProblem(FIELD, `has the value ${value} for a ${cursor.fieldNumber === 1 ? "null" : "boolean"}`);
      }
      return;
    }
    case 2:
      cursor.expect(FIXED_64, FIELD);
      if (!Number.isFinite(cursor.double(FIELD))) {
        throw new FieldProblem(
          FIELD,
          "has a number that is infinite or not a number, which JSON cannot say",
          "out_of_range",
        );
      }
      return;
    case 3:
      cursor.expect(LENGTH_DELIMITED, FIELD);
      cursor.text(FIELD, RECORD_BYTES_MAX);
      return;
    case 5:
      walkStruct(cursor, enter(cursor), depth + 1);
      return;
    default:
      walkList(cursor, enter(cursor), depth + 1);
  }
}

function enter(cursor: WireCursor): number {
  cursor.expect(LENGTH_DELIMITED, FIELD);
  return cursor.length(FIELD);
}

/** Calls `walk` at each field up to `end`; where it answers false, the field is not known and is passed over. */
function eachField(cursor: WireCursor, end: number, walk: () => boolean): void {
  const outerEnd = cursor.end;
  cursor.end = end;
  while (cursor.pos < end) {
    cursor.tag(FIELD);
    if (!walk()) cursor.skip(FIELD);
  }
  cursor.end = outerEnd;
}
