import { SEND_FILES_NOTED_MAX, SEND_FILES_REMEMBERED_MAX } from "../../services/domain/limits.ts";
import type { LineFormatName } from "../../services/domain/lines/line-format.ts";
import { hasFingerprint } from "./file-identity.ts";
import type { OpenedFile } from "./opened-file.ts";
import type { FilePosition } from "./position-file.ts";

/**
 * What is known of files of a path that are not open: so that nothing is read twice when one comes back, or a copy of it
 * turns up. Of those that were read to their end only the last ones are remembered.
 */
export class LeftFiles {
  private files: FilePosition[] = []; // In the order in which they were added.

  /** Those of which something may be unread, then the others, the last ones first. */
  get all(): readonly FilePosition[] {
    return [...this.unread, ...this.done.toReversed()];
  }

  /** Those of which something may be unread. */
  get unread(): readonly FilePosition[] {
    return this.files.filter(({ left }) => left !== "done");
  }

  /** For the position file. */
  get noted(): readonly FilePosition[] {
    return [...this.unread, ...this.done.slice(-SEND_FILES_NOTED_MAX)];
  }

  /** How the last one was written; undefined where nobody knows. */
  get lastFormat(): LineFormatName | undefined {
    return this.files.at(-1)?.format;
  }

  add(file: FilePosition): void {
    this.files.push(file);
    this.files.splice(0, this.files.length - SEND_FILES_REMEMBERED_MAX);
  }

  remove(file: FilePosition): void {
    this.files = this.files.filter((each) => each !== file);
  }

  /** The one of which something may be unread, and this is a copy that has all that was read; undefined where it is none. */
  copiedIn({ head, size }: OpenedFile): FilePosition | undefined {
    return this.unread.find((each) => isCopy(head, each) && size >= each.position.offset);
  }

  /** Whether such a file, or one of which it is a copy, was read as far. */
  haveAllOf({ head, size }: OpenedFile): boolean {
    return this.files.some((each) => isCopy(head, each) && size <= each.position.offset);
  }

  /** Whether one of them began so. */
  beganWith(head: Buffer): boolean {
    return this.files.some((each) => isCopy(head, each));
  }

  private get done(): readonly FilePosition[] {
    return this.files.filter(({ left }) => left === "done");
  }
}

/** Whether a file that begins with `head` may be that one, or a copy of it. */
export function isCopy(head: Buffer, { fingerprint }: Pick<FilePosition, "fingerprint">): boolean {
  return fingerprint.bytes > 0 && hasFingerprint(head, fingerprint);
}
