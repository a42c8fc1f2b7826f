import type { BigIntStats } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemText } from "./byte-source.ts";
import { type FileNumber, fileNumber, hasFingerprint, isSameFile, readHead } from "./file-identity.ts";
import type { OpenedFile } from "./followed-file.ts";
import type { FilePosition } from "./position-file.ts";

/** Behind the name of a log when it was rotated away: `.1`, `-20260301`, `.2026-03-01-10`. */
const ROTATED = /^[.-]\d[\d.T:_-]{0,40}$/;

/** Opens the file that the path names now; undefined where it names none. @throws Error of the system for what is no file. */
export async function openFollowed(path: string): Promise<OpenedFile | undefined> {
  const handle = await open(path, "r").catch((reason: NodeJS.ErrnoException) => {
    if (reason.code === "ENOENT") return undefined;
    throw reason;
  });
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

/** What the system tells of the file that the path names; undefined where it names none. */
export async function statsOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (reason) {
    if ((reason as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw reason;
  }
}

/** Opens the file that was followed before, by whatever name its folder has it now; undefined where it is not there. */
export async function findFollowed(before: FilePosition): Promise<OpenedFile | undefined> {
  const folder = dirname(before.path);
  for (const name of [basename(before.path), ...(await namesIn(folder))]) {
    const path = join(folder, name);
    const stats = await statsOf(path).catch(() => undefined); // What cannot be looked at is not the one.
    if (!stats?.isFile() || !isSameFile(fileNumber(stats), before)) continue;
    const opened = await openFollowed(path);
    if (opened && isSameFile(opened.number, before) && isGoneOn(opened, before)) return opened;
    await opened?.handle.close();
  }
  return undefined;
}

/**
 * Opens a copy of a file that was written over since a moment: logs are also rotated away by copying. `bytes`: which it has at
 * least. Undefined where there is none.
 */
export async function findCopy(
  { path, fingerprint }: Pick<FilePosition, "path" | "fingerprint">,
  bytes: number,
  sinceMs: number,
): Promise<OpenedFile | undefined> {
  if (fingerprint.bytes === 0) return undefined;
  const { opened } = await openRotatedSince(path, sinceMs, () => false);
  const copy = opened.find(({ size, head }) => size >= bytes && hasFingerprint(head, fingerprint));
  for (const other of opened) if (other !== copy) await other.handle.close();
  return copy;
}

/** Whether it is still what it was, and has grown at most. */
function isGoneOn(opened: OpenedFile, { fingerprint, position }: FilePosition): boolean {
  return opened.size >= position.offset && hasFingerprint(opened.head, fingerprint);
}

/** Files that were rotated away. */
export interface RotatedFiles {
  /** Those that can be read, the oldest first. To be closed. */
  opened: OpenedFile[];
  /** Why others cannot, in sentences. */
  problems: string[];
}

/** Opens the files that were rotated away under that path and changed since a moment, but for those that are known. */
export async function openRotatedSince(
  path: string,
  sinceMs: number,
  isKnown: (number: FileNumber) => boolean,
): Promise<RotatedFiles> {
  const rotated: RotatedFiles = { opened: [], problems: [] };
  for (const name of await namesIn(dirname(path))) {
    if (!name.startsWith(basename(path)) || !ROTATED.test(rotationOf(name, path))) continue;
    const candidate = join(dirname(path), name);
    try {
      const stats = await statsOf(candidate);
      if (!stats?.isFile() || Number(stats.mtimeMs) < sinceMs || isKnown(fileNumber(stats))) continue;
      const opened = await openFollowed(candidate);
      if (opened) rotated.opened.push(opened);
    } catch (reason) {
      rotated.problems.push(`${candidate} cannot be read: ${systemText(reason)}`);
    }
  }
  rotated.opened.sort((one, other) => Number(one.changedNs - other.changedNs));
  return rotated;
}

/** None in a folder that is gone, or may not be read. */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function rotationOf(name: string, path: string): string {
  return name.slice(basename(path).length).replace(/\.gz$/, "");
}
