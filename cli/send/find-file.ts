import type { BigIntStats } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileNumber, hasFingerprint, isSameFile, readHead } from "./file-identity.ts";
import type { OpenedFile } from "./followed-file.ts";
import { beginsAsGzip } from "./gunzip-chunks.ts";
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
  for (const name of [basename(before.path), ...(await readdir(folder).catch(() => []))]) {
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
  const { plain } = await rotatedSince(path, sinceMs, () => false);
  for (const candidate of plain) {
    const opened = await openFollowed(candidate);
    if (opened && opened.size >= bytes && hasFingerprint(opened.head, fingerprint)) return opened;
    await opened?.handle.close();
  }
  return undefined;
}

/** Whether it is still what it was, and has grown at most. */
function isGoneOn(opened: OpenedFile, { fingerprint, position }: FilePosition): boolean {
  return opened.size >= position.offset && hasFingerprint(opened.head, fingerprint);
}

/**
 * Files that were rotated away under that path since a moment, the oldest first, but for those that are known: nobody has
 * followed them. `gzip`: those of them that hold gzip data.
 */
export async function rotatedSince(
  path: string,
  sinceMs: number,
  isKnown: (stats: BigIntStats) => boolean,
): Promise<{ plain: string[]; gzip: string[] }> {
  const found: { path: string; mtimeMs: number; isGzip: boolean }[] = [];
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    if (!name.startsWith(basename(path)) || !ROTATED.test(rotationOf(name, path))) continue;
    const candidate = join(dirname(path), name);
    const stats = await statsOf(candidate);
    if (!stats?.isFile() || Number(stats.mtimeMs) < sinceMs || isKnown(stats)) continue;
    found.push({ path: candidate, mtimeMs: Number(stats.mtimeMs), isGzip: await isGzip(candidate) });
  }
  found.sort((one, other) => one.mtimeMs - other.mtimeMs);
  const paths = (isGzipFile: boolean) => found.filter((file) => file.isGzip === isGzipFile).map((file) => file.path);
  return { plain: paths(false), gzip: paths(true) };
}

function rotationOf(name: string, path: string): string {
  return name.slice(basename(path).length).replace(/\.gz$/, "");
}

async function isGzip(path: string): Promise<boolean> {
  const opened = await openFollowed(path);
  if (opened === undefined) return false;
  await opened.handle.close();
  return beginsAsGzip(opened.head);
}
