import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CHUNK = Buffer.alloc(64 * 1024);

const mounted = new Set<string>();
let watching = false;

/** A file system of its own, in memory, that can be filled to its last byte: a real full disk. */
export class SmallDisk {
  /** Where it is mounted. */
  readonly folder: string;
  private readonly ballast: string;

  /** @throws Error that says why a disk cannot be mounted here: it takes root, and a system that allows it. */
  static mount(mebibytes: number): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), "logpulse-small-disk-"));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=700`, "tmpfs", folder], { stdio: "pipe" });
    } catch (reason) {
      rmdirSync(folder);
      const said = (reason as { stderr?: Buffer }).stderr?.toString().trim() || String(reason);
      throw new Error(`a small disk cannot be mounted here (it takes root, and a system that allows it): ${said}`);
    }
    mounted.add(folder);
    unmountAtExit();
    return new SmallDisk(folder);
  }

  private constructor(folder: string) {
    this.folder = folder;
    this.ballast = join(folder, "ballast");
  }

  /** Bytes that anybody may still write. */
  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  /** Writes a file until no more than so much is free; 0: until nothing more goes. */
  fill(bytesLeft: number): void {
    const file = openSync(this.ballast, "a");
    try {
      while (this.freeBytes > bytesLeft) writeSync(file, CHUNK, 0, Math.min(CHUNK.length, this.freeBytes - bytesLeft));
    } catch (reason) {
      if ((reason as NodeJS.ErrnoException).code !== "ENOSPC") throw reason; // That is what was wanted.
    } finally {
      closeSync(file);
    }
  }

  /** Gives the room back. */
  release(): void {
    rmSync(this.ballast, { force: true });
  }

  /** Takes the disk away, with all that is on it. */
  unmount(): void {
    execFileSync("umount", ["--lazy", this.folder], { stdio: "pipe" });
    mounted.delete(this.folder);
    rmdirSync(this.folder);
  }
}

/** Why no small disk can be mounted here; undefined where one can. */
export function whyNoSmallDisk(): string | undefined {
  try {
    SmallDisk.mount(1).unmount();
    return undefined;
  } catch (reason) {
    return (reason as Error).message;
  }
}

function unmountAtExit(): void {
  if (watching) return;
  watching = true;
  process.on("exit", () => {
    for (const folder of mounted) execFileSync("umount", ["--lazy", folder], { stdio: "ignore" });
  });
}
