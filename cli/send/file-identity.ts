import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { SEND_FINGERPRINT_BYTES } from "../../services/domain/limits.ts";

/** How the system numbers a file, whatever its name. */
export interface FileNumber {
  device: string;
  inode: string;
}

/** Of a file that is not there any more. */
export const NO_FILE: FileNumber = { device: "", inode: "" };

/** Of what the system tells of a file. */
export function fileNumber({ dev, ino }: BigIntStats): FileNumber {
  return { device: String(dev), inode: String(ino) };
}

export function isSameFile(one: FileNumber, other: FileNumber): boolean {
  return one.device === other.device && one.inode === other.inode;
}

/**
 * The first bytes of a file, SEND_FINGERPRINT_BYTES at most: they tell one file from another that was given its number, and
 * from what was written over it. A file that only grows keeps them.
 */
export class FileHead {
  private known: Buffer;

  /** `known`: as `readHead` gave it. */
  constructor(known: Buffer) {
    this.known = known;
  }

  /** Whether the file still begins as it did. Remembers what has come since. */
  async isSame(file: FileHandle): Promise<boolean> {
    const now = await readHead(file);
    if (!now.subarray(0, this.known.length).equals(this.known)) return false;
    this.known = now;
    return true;
  }

  /** For a position file. */
  get fingerprint(): { bytes: number; sha256: string } {
    return { bytes: this.known.length, sha256: digest(this.known) };
  }
}

/** Whether a file that begins with `head` began with these bytes at some time. */
export function hasFingerprint(head: Buffer, { bytes, sha256 }: { bytes: number; sha256: string }): boolean {
  return head.length >= bytes && digest(head.subarray(0, bytes)) === sha256;
}

/** The first bytes of a file, SEND_FINGERPRINT_BYTES at most. */
export async function readHead(file: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(SEND_FINGERPRINT_BYTES);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  return head.subarray(0, bytesRead);
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
