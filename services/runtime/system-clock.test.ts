import { expect, it } from "vitest";
import { systemClock } from "./system-clock.ts";

it("tells the time of day and sleeps", async () => {
  const before = systemClock.nowMs();
  expect(Math.abs(before - Date.now())).toBeLessThan(1_000);
  await systemClock.sleep(20);
  expect(systemClock.nowMs() - before).toBeGreaterThanOrEqual(19);
});

it("wakes with the signal's own reason, and sleeps no moment for one already aborted", async () => {
  const stop = new AbortController();
  const sleeping = systemClock.sleep(60_000, stop.signal);
  const reason = new Error("the test says stop");
  stop.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  await expect(systemClock.sleep(60_000, stop.signal)).rejects.toBe(reason);
});
