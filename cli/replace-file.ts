import { renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes the file, readable by its owner alone, so that it is at any moment either the old one or the new one.
 * @throws Error of the system.
 */
export function replaceFile(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600 });
    renameSync(unfinished, path);
  } catch (reason) {
    removeIfThere(unfinished);
    throw reason;
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It could not be written, so there is nothing to remove; that error is the one to tell.
  }
}
