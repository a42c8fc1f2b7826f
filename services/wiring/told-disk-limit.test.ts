import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { OverDiskLimit } from "../worker/disk-limit.ts";
import { toldDiskLimit } from "./told-disk-limit.ts";

it("tells once that the store is too large, and once that it is not any more", async () => {
  const MiB = 1024 * 1024;
  let over: OverDiskLimit | undefined;
  const told: (string | null)[] = [];
  const part = toldDiskLimit(
    () => over,
    (refusal) => told.push(refusal),
    5,
  );
  await part.start(new AbortController().signal);
  const looks = () => sleep(50);
  await looks();
  expect(told).toEqual([]);
  over = { usedBytes: 300 * MiB, bytesMax: 256 * MiB };
  await looks();
  over = { usedBytes: 301 * MiB, bytesMax: 256 * MiB };
  await looks();
  over = undefined;
  await looks();
  await part.stop();
  expect(told).toEqual([expect.stringMatching(/uses 300 MiB, it may use 256 \(LOGPULSE_DISK_MIB\)/), null]);
});
