import { RETRY_WAIT_MS_MAX, RETRY_WAIT_MS_MIN } from "../../domain/limits.ts";

/**
 * Milliseconds to wait before the next attempt: doubled each time, and half of it by chance, so that callers who failed
 * together do not come again together.
 *
 * `attempt`: how many there have been, from 1. `random`: from 0 up to, not including, 1.
 */
export function retryWaitMs(attempt: number, random: () => number): number {
  const longest = Math.min(RETRY_WAIT_MS_MIN * 2 ** (attempt - 1), RETRY_WAIT_MS_MAX);
  return longest * (0.5 + random() / 2);
}
