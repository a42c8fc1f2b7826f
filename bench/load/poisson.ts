import { numbers } from "../embedded/corpus.ts";

const NUMBERS_BELOW = 2 ** 27; // Of `numbers`.

/**
 * The moments of independent arrivals, so many a second on average, in milliseconds from 0 and ascending: the same for the
 * same seed.
 */
export function poissonTimesMs(perSecond: number, seconds: number, seed: number): Float64Array {
  const number = numbers(seed);
  const times: number[] = [];
  for (let atMs = 0; ; ) {
    const share = (number() + 1) / (NUMBERS_BELOW + 1); // Above 0 and below 1.
    atMs -= (1_000 / perSecond) * Math.log(share);
    if (atMs >= seconds * 1_000) return Float64Array.from(times);
    times.push(atMs);
  }
}
