import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 50;

/**
 * Asks `check` every 50 ms until it says true. A check that throws counts as "not yet".
 *
 * @returns false when `msMax` milliseconds have passed without a true; one check may overrun that by its own bound.
 */
export async function waitUntil(check: () => boolean | Promise<boolean>, msMax: number): Promise<boolean> {
  const deadline = performance.now() + msMax;
  for (;;) {
    try {
      if (await check()) return true;
    } catch {
      // A server that is still starting refuses, resets and answers nonsense.
    }
    if (performance.now() >= deadline) return false;
    await sleep(PAUSE_MS);
  }
}
