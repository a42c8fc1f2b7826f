import { existsSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { reasonText } from "../../../domain/errors.ts";

/** The name of the file that stands beside the store's where damage was found in it while it was used. */
export const MARKER_NAME = "store.damaged";

/**
 * Notes that damage was found in the store's file, so that the next start does not trust it. To be called by whoever
 * finds it, in any thread; the first reason stays. What cannot be written is not noted: the damage will be found again.
 */
export function markDamaged(storePath: string, reason: unknown): void {
  try {
    writeFileSync(markerOf(storePath), `${reasonText(reason)}\n`, { flag: "wx" });
  } catch {
    // There is a note already, or no room for one.
  }
}

/** The name of the file that stands beside the store's where no log can fill it again. */
const OTHER_LOG_NAME = "store.of-other-logs";

/** Notes that the store has records that its log never had: damaged, it cannot be made again. @throws Error of the system. */
export function noteOtherLog(storePath: string): void {
  const text = "The store beside this file was filled from more than one log. Do not delete this note.\n";
  writeFileSync(join(dirname(storePath), OTHER_LOG_NAME), text);
}

/** Of a store that was begun anew that is no longer so. */
export function forgetOtherLogs(storePath: string): void {
  rmSync(join(dirname(storePath), OTHER_LOG_NAME), { force: true });
}

/** True where that was noted. */
export function isOfOtherLogs(storePath: string): boolean {
  return existsSync(join(dirname(storePath), OTHER_LOG_NAME));
}

/** True where damage was noted. */
export function isMarkedDamaged(storePath: string): boolean {
  return existsSync(markerOf(storePath));
}

/**
 * Renames the store's file and what belongs to it, `utc` in the name, and changes nothing in them; then forgets the note.
 * Gives the new path.
 */
export function setAside(storePath: string, nowMs: number): string {
  const utc = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const aside = freeName(join(dirname(storePath), `${basename(storePath)}.damaged-${utc}`));
  // The file itself last: where this stops half-way, the next start finds it and goes on.
  for (const suffix of ["-wal", "-shm", ""]) {
    if (existsSync(storePath + suffix)) renameSync(storePath + suffix, aside + suffix);
  }
  if (isMarkedDamaged(storePath)) unlinkSync(markerOf(storePath));
  return aside;
}

function markerOf(storePath: string): string {
  return join(dirname(storePath), MARKER_NAME);
}

function freeName(path: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? path : `${path}-${number}`;
    if (!existsSync(name) && !existsSync(`${name}-wal`)) return name;
  }
}
