import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** A file system of its own in memory, so that it can be filled. */
export interface SmallDisk {
  folder: string;
  /** Closes nothing: whoever has files open on it closes them before. */
  remove(): void;
}

export function mountSmallDisk(mebibytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), "logpulse-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder]);
  const remove = () => {
    execFileSync("umount", [folder]);
    rmdirSync(folder);
  };
  return { folder, remove };
}

/** Tests that need a small disk: left out loudly where it cannot be mounted, and never where CI runs. */
export function describeOnSmallDisk(name: string, tests: () => void): void {
  if (canMount()) return void describe(name, tests);
  it(`NOT RUN: ${name}: this machine cannot mount a small disk`, ({ skip }) => {
    if (process.env.CI === "true") expect.fail("CI must be able to mount a small disk");
    skip();
  });
}

/** Asks by doing it. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "logpulse-disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]);
  if (status === 0) execFileSync("umount", [folder]);
  rmdirSync(folder);
  return status === 0;
}
