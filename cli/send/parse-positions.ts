import { LINE_FORMAT_NAMES, type LineFormatName } from "../../services/domain/lines/line-format.ts";
import type { FilePosition, PathPosition, Positions } from "./position-file.ts";
import type { ReadingMark, SourcePosition } from "./source-batches.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Reads what PositionFile writes; undefined for anything else. */
export function parsePositions(json: string): Positions | undefined {
  try {
    const read = fieldsOf(JSON.parse(json));
    if (read.version !== 1) return undefined;
    return { paths: list(read.paths).map(pathPosition), files: list(read.files).map(filePosition) };
  } catch (reason) {
    if (reason instanceof SyntaxError || reason instanceof WrongValue) return undefined;
    throw reason;
  }
}

class WrongValue extends Error {}

function pathPosition(value: unknown): PathPosition {
  const { path, knownMs } = fieldsOf(value);
  return { path: text(path), knownMs: wholeNumber(knownMs) };
}

function filePosition(value: unknown): FilePosition {
  const { path, device, inode, fingerprint, format, strict, service, zone, position, marks, left } = fieldsOf(value);
  const { bytes, sha256 } = fieldsOf(fingerprint);
  return {
    path: text(path),
    device: text(device),
    inode: text(inode),
    fingerprint: { bytes: wholeNumber(bytes), sha256: text(sha256) },
    format: format === undefined ? undefined : formatName(format),
    strict: truth(strict),
    service: text(service),
    ...(zone === undefined ? {} : { zone: text(zone) }),
    position: sourcePosition(position),
    marks: list(marks).map(readingMark),
    ...(left === undefined ? {} : { left: whyLeft(left) }),
  };
}

function whyLeft(value: unknown): FilePosition["left"] {
  if (value === "done" || value === "missing") return value;
  throw new WrongValue();
}

function sourcePosition(value: unknown): SourcePosition {
  const { offset, lines, memory, producer, seq } = fieldsOf(value);
  return {
    offset: wholeNumber(offset),
    lines: wholeNumber(lines),
    memory: list(memory).map(truth),
    producer: producerText(producer),
    seq: wholeNumber(seq),
  };
}

function readingMark(value: unknown): ReadingMark {
  const { offset, producer } = fieldsOf(value);
  return { offset: wholeNumber(offset), ...(producer === undefined ? {} : { producer: producerText(producer) }) };
}

function fieldsOf(value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new WrongValue();
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new WrongValue();
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new WrongValue();
}

function truth(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new WrongValue();
}

function wholeNumber(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new WrongValue();
}

function producerText(value: unknown): string {
  if (typeof value === "string" && /^[0-9a-f]{32}$/.test(value)) return value;
  throw new WrongValue();
}

function formatName(value: unknown): LineFormatName {
  const name = LINE_FORMAT_NAMES.find((each) => each === value);
  if (name) return name;
  throw new WrongValue();
}
