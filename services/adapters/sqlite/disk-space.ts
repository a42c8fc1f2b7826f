import { statfs } from "node:fs/promises";
import { DISK_FREE_BYTES_MIN, DISK_LOOK_EVERY_MS } from "../../domain/limits.ts";

const MIB = 2 ** 20;

/** What may be other than in domain/limits.ts. */
export interface DiskSpaceBounds {
  freeBytesMin?: number;
  lookEveryMs?: number;
}

/**
 * Looks how much room the file system of a folder has. With less than DISK_FREE_BYTES_MIN nothing new may be taken, so
 * that what is kept already can still be stored, and the files be closed.
 */
export class DiskSpace {
  private readonly folder: string;
  private readonly freeBytesMin: number;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private refusalNow: string | undefined;

  /** Looks once, and from then on every DISK_LOOK_EVERY_MS. Never rejects: where it cannot look, it refuses. */
  static async watch(
    folder: string,
    { freeBytesMin = DISK_FREE_BYTES_MIN, lookEveryMs = DISK_LOOK_EVERY_MS }: DiskSpaceBounds = {},
  ): Promise<DiskSpace> {
    const space = new DiskSpace(folder, freeBytesMin);
    await space.lookOnce();
    space.timer = setInterval(() => void space.lookOnce(), lookEveryMs);
    return space;
  }

  private constructor(folder: string, freeBytesMin: number) {
    this.folder = folder;
    this.freeBytesMin = freeBytesMin;
  }

  /** Why nothing may be taken now, in words for callers; undefined where there is room. */
  get refusal(): string | undefined {
    return this.refusalNow;
  }

  /** Ends; waits for a look that is under way. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** A disk that hangs is asked once, not again and again. */
  private lookOnce(): Promise<void> {
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async look(): Promise<void> {
    try {
      const { bavail, bsize } = await statfs(this.folder);
      this.refusalNow = this.judged(bavail * bsize);
    } catch (reason) {
      const { code = "no code" } = reason as NodeJS.ErrnoException; // Its message has the path, which is no caller's.
      this.refusalNow = `the system does not say how much room the disk has (${code}): nothing new is kept`;
    }
  }

  private judged(freeBytes: number): string | undefined {
    if (freeBytes >= this.freeBytesMin) return undefined;
    const [free, least] = [freeBytes, this.freeBytesMin].map((bytes) => `${(bytes / MIB).toFixed(1)} MiB`);
    return `the disk has ${free} left: below ${least} nothing new is kept`;
  }
}
