import type { FileHandle } from "node:fs/promises";
import { SEND_FINGERPRINT_BYTES } from "../../services/domain/limits.ts";
import { readHead } from "./file-identity.ts";
import type { OpenedFile } from "./opened-file.ts";

/** Whether a file is a copy of another one, which may have grown since: judged by its first bytes, its size and its last ones. */
export async function isCopyOf(copy: OpenedFile, other: FileHandle): Promise<boolean> {
  if (copy.size === 0 || !(await readHead(other)).subarray(0, copy.head.length).equals(copy.head)) return false;
  return (await lastBytes(copy.handle, copy.size)).equals(await lastBytes(other, copy.size));
}

/** Closes those that are copies of others of them, or of `next`. Gives the rest in the same order. */
export async function withoutCopies(files: readonly OpenedFile[], next?: OpenedFile): Promise<OpenedFile[]> {
  const kept = new Set<OpenedFile>();
  for (const file of files.toSorted((one, other) => other.size - one.size)) {
    let isCopy = false;
    for (const { handle } of next ? [next, ...kept] : kept) {
      isCopy ||= await isCopyOf(file, handle).catch(() => false); // What cannot be read is told when it is read.
    }
    if (isCopy) await file.handle.close();
    else kept.add(file);
  }
  return files.filter((file) => kept.has(file));
}

/** Those before an offset. */
async function lastBytes(file: FileHandle, end: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.min(end, SEND_FINGERPRINT_BYTES));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, end - bytes.length);
  return bytes.subarray(0, bytesRead);
}
