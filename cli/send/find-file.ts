import type { BigIntStats } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemText } from "./byte-source.ts";
import { type FileNumber, fileNumber, hasFingerprint } from "./file-identity.ts";
import { type OpenedFile, openFollowed, statsOf } from "./opened-file.ts";
import type { FilePosition } from "./position-file.ts";

/** Behind the name of a log when it was rotated away: `.1`, `-20260301`, `.2026-03-01-10`. */
const ROTATED = /^[.-]\d[\d.T:_-]{0,40}$/;

/** Of a file that was followed: what it is found by again. */
export type KnownFile = Pick<FilePosition, "inode" | "fingerprint" | "position" | "left">;

/** Files that were followed before, found again. */
export interface FoundFiles<Known> {
  /** To be closed. */
  found: { before: Known; opened: OpenedFile }[];
  /** Why others cannot be looked at, in sentences. */
  problems: string[];
}

/**
 * Opens those of the files before that are there, by whatever name the folder of `path` has them now: what the path itself
 * names, and others in which something may stand that was not read. Those that come first are preferred.
 *
 * The number of the device does not count: it is another one when a machine has started again.
 *
 * @throws Error of the system where the path itself cannot be looked at.
 */
export async function findFollowed<Known extends KnownFile>(
  path: string,
  before: readonly Known[],
): Promise<FoundFiles<Known>> {
  const files: FoundFiles<Known> = { found: [], problems: [] };
  if (before.length === 0) return files;
  const others = (await namesIn(dirname(path))).filter((name) => name !== basename(path));
  for (const candidate of [path, ...others.map((name) => join(dirname(path), name))]) {
    try {
      const stats = await statsOf(candidate);
      const isFree = (each: Known) => files.found.every((found) => found.before !== each);
      const like = stats ? before.filter((each) => isFree(each) && isLike(each, stats, candidate === path)) : [];
      const opened = like.length > 0 ? await openFollowed(candidate) : undefined;
      const same = opened && like.find((each) => isGoneOn(opened, each));
      if (opened && same) files.found.push({ before: same, opened });
      else await opened?.handle.close();
    } catch (reason) {
      if (candidate === path) throw reason; // It is the first one, so nothing is open yet.
      if (isRotationOf(candidate, path)) files.problems.push(unreadableText(candidate, reason));
    }
  }
  return files;
}

/**
 * Opens the longest copy of a file that was written over since a moment: logs are also rotated away by copying. `bytes`: which
 * it has at least. Undefined where there is none.
 */
export async function findCopy(
  { path, fingerprint }: Pick<FilePosition, "path" | "fingerprint">,
  bytes: number,
  sinceMs: number,
): Promise<OpenedFile | undefined> {
  if (fingerprint.bytes === 0) return undefined;
  const { opened } = await openRotatedSince(path, sinceMs, () => false);
  const longest = opened.toSorted((one, other) => other.size - one.size);
  const copy = longest.find(({ size, head }) => size >= bytes && hasFingerprint(head, fingerprint));
  for (const other of opened) if (other !== copy) await other.handle.close();
  return copy;
}

/** Whether it may be that file, judged without opening it. */
function isLike({ inode, fingerprint, position, left }: KnownFile, stats: BigIntStats, isAtPath: boolean): boolean {
  if (!stats.isFile() || fileNumber(stats).inode !== inode) return false;
  if (isAtPath) return true;
  return fingerprint.bytes > 0 && (left !== "done" || Number(stats.size) > position.offset);
}

/** Whether it is still what it was, and has grown at most. */
function isGoneOn(opened: OpenedFile, { fingerprint, position }: KnownFile): boolean {
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
    const candidate = join(dirname(path), name);
    if (!isRotationOf(candidate, path)) continue;
    try {
      const stats = await statsOf(candidate);
      if (!stats?.isFile() || Number(stats.mtimeMs) < sinceMs || isKnown(fileNumber(stats))) continue;
      const opened = await openFollowed(candidate);
      if (opened) rotated.opened.push(opened);
    } catch (reason) {
      rotated.problems.push(unreadableText(candidate, reason));
    }
  }
  rotated.opened.sort((one, other) => Number(one.changedNs - other.changedNs));
  return rotated;
}

/** None in a folder that is not there, or whose names nobody may see. @throws Error of the system for all else. */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((reason: NodeJS.ErrnoException) => {
    if (reason.code === "ENOENT" || reason.code === "EACCES") return [];
    throw reason;
  });
}

function isRotationOf(candidate: string, path: string): boolean {
  return candidate.startsWith(path) && ROTATED.test(candidate.slice(path.length).replace(/\.gz$/, ""));
}

function unreadableText(path: string, reason: unknown): string {
  return `${path} cannot be read: ${systemText(reason)}`;
}
