import { RETRY_WAIT_MS_MAX, RETRY_WAIT_MS_MIN } from "./limits.ts";

/**
 * How long to wait before the next try: a random share of a bound that doubles from try to try ("full jitter",
 * M. Brooker, AWS Architecture Blog 2015), so that many workers do not come back at one moment.
 *
 * `tries`: tries that have failed, from 1. `random`: 0 to 1.
 */
export function fullJitterMs(tries: number, random: number): number {
  const boundMs = Math.min(RETRY_WAIT_MS_MAX, RETRY_WAIT_MS_MIN * 2 ** Math.min(tries, 30));
  return Math.max(RETRY_WAIT_MS_MIN, random * boundMs);
}
