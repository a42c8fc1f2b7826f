import type { BigIntStats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { type FileNumber, fileNumber, readHead } from "./file-identity.ts";

/** An open file. */
export interface OpenedFile {
  handle: FileHandle;
  /** By which name it was found. */
  path: string;
  number: FileNumber;
  /** In bytes. */
  size: number;
  /** Its first bytes. */
  head: Buffer;
  /** When it was changed last, in nanoseconds since 1970. */
  changedNs: bigint;
}

/** Opens the file that the path names now; undefined where it names none. @throws Error of the system for what is no file. */
export async function openFollowed(path: string): Promise<OpenedFile | undefined> {
  const handle = await open(path, "r").catch(undefinedWhereNone);
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new Error("it is no file");
    const head = await readHead(handle);
    return { handle, path, number: fileNumber(stats), size: Number(stats.size), head, changedNs: stats.mtimeNs };
  } catch (reason) {
    await handle.close();
    throw reason;
  }
}

/** What the system tells of the file that the path names; undefined where it names none. @throws Error of the system. */
export function statsOf(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(undefinedWhereNone);
}

/** Only this error says that there is none: what cannot be looked at may be there. */
function undefinedWhereNone(reason: NodeJS.ErrnoException): undefined {
  if (reason.code === "ENOENT") return undefined;
  throw reason;
}
