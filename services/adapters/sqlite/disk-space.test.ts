import { mkdtemp, rename, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { DiskSpace, type DiskSpaceBounds } from "./disk-space.ts";
import { until } from "./log/event-log.fixture.ts";

describe("DiskSpace", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "logpulse-space-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const watch = async (bounds: DiskSpaceBounds) => {
    const space = await DiskSpace.watch(folder, bounds);
    onTestFinished(() => space.close());
    return space;
  };

  it("refuses nothing while there is room, and says with numbers what is missing where there is not", async () => {
    expect((await watch({ freeBytesMin: 1 })).refusal).toBeUndefined();
    expect((await watch({ freeBytesMin: 2 ** 70 })).refusal).toMatch(
      /^the disk has \d+\.\d MiB left: below 1125899906842624\.0 MiB nothing new is kept$/,
    );
  });

  it("counts the room that an ordinary process may use", async () => {
    const { bavail, bsize } = await statfs(folder);
    const spare = 1024 * 2 ** 20; // Others write to this disk too.
    expect((await watch({ freeBytesMin: bavail * bsize - spare })).refusal).toBeUndefined();
    expect((await watch({ freeBytesMin: bavail * bsize + spare })).refusal).toBeDefined();
  });

  it("refuses where it cannot look, without telling the path, and takes that back when it can", async () => {
    const space = await watch({ freeBytesMin: 1, lookEveryMs: 10 });
    const moved = `${folder}-moved`;
    await rename(folder, moved);
    await until(() => space.refusal !== undefined);
    expect(space.refusal).toBe("the system does not say how much room the disk has (ENOENT): nothing new is kept");
    await rename(moved, folder);
    await until(() => space.refusal === undefined);
  });

  it("does not look any more once it is closed", async () => {
    const space = await DiskSpace.watch(folder, { freeBytesMin: 1, lookEveryMs: 5 });
    await space.close();
    await rm(folder, { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(space.refusal).toBeUndefined();
  });
});
