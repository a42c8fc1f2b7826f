const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Widths that people read well, in milliseconds. */
const WIDTHS_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * DAY),
];

/**
 * The narrowest of them with which the times from `startNanos` to before `endNanos` fall into at most `bucketsMax`
 * buckets, which begin at multiples of the width since 1970; whole years beyond the list.
 */
export function bucketWidthMs(startNanos: bigint, endNanos: bigint, bucketsMax: number): number {
  const fits = (widthMs: number) => bucketsOf(startNanos, endNanos, widthMs) <= bucketsMax;
  const found = WIDTHS_MS.find(fits);
  if (found !== undefined) return found;
  for (let years = 2; ; years++) if (fits(years * 365 * DAY)) return years * 365 * DAY;
}

/** How many buckets of that width the times from `startNanos` to before `endNanos` touch. */
function bucketsOf(startNanos: bigint, endNanos: bigint, widthMs: number): number {
  const width = BigInt(widthMs) * 1_000_000n;
  return Number((endNanos - 1n) / width - startNanos / width) + 1;
}
