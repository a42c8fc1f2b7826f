import { setTimeout as timer } from "node:timers/promises";
import type { Clock } from "../ports/clock.ts";

/** The machine's own clock and timers. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    try {
      await timer(ms, undefined, { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error; // Node hides the reason inside an AbortError of its own.
    }
  },
};
