import { attributeLeaves } from "../../../domain/attribute-leaves.ts";
import { MARKS_PER_RECORD_MAX } from "../../../domain/limits.ts";
import type { RecordColumns } from "../../../domain/record-columns.ts";
import { readStruct } from "../../../domain/struct-bytes.ts";
import { attributeMark, MORE_ATTRIBUTES_MARK, traceMark } from "../reads/record-marks.ts";

/**
 * The marks of a record's trace id and of its attributes, each once and apart by blanks: what of it is found by the index
 * of words although it is no word. Empty for a record that has neither.
 */
export function recordMarks({ traceId, attributes }: RecordColumns): string {
  const trace = traceId.length > 0 ? traceMark(textOf(traceId)) : "";
  // Most records have none: then nothing is decoded.
  return attributes === undefined ? trace : [trace, ...attributeMarks(attributes)].join(" ").trim();
}

function attributeMarks(attributes: Uint8Array): string[] {
  const marks = new Set<string>();
  for (const { path, text } of attributeLeaves(readStruct(attributes))) {
    if (marks.size === MARKS_PER_RECORD_MAX) return [...marks, MORE_ATTRIBUTES_MARK];
    marks.add(attributeMark(path, text)); // An empty one too: the record has the attribute.
  }
  return [...marks];
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
