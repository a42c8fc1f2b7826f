import { closeSync, openSync, readSync, statSync } from "node:fs";

const LINES_MAX = 30;
const BYTES_MAX = 16 * 1024;

/** Bytes in a file; 0 when there is none. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last 30 lines, of at most 16 KiB, that were written to `file` after its byte `from`. For error messages. */
export function logEnd(file: string, from = 0): string {
  const size = sizeOf(file);
  const start = Math.max(from, size - BYTES_MAX);
  if (start >= size) return "(it wrote nothing)";
  const bytes = Buffer.alloc(size - start);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, bytes, 0, bytes.length, start);
  } finally {
    closeSync(descriptor);
  }
  return bytes.toString("utf8").trimEnd().split("\n").slice(-LINES_MAX).join("\n");
}
