import fc from "fast-check";
import { expect, it } from "vitest";
import { bucketWidthMs } from "./bucket-width.ts";
import { RECORD_TIME_NANOS_MAX } from "./limits.ts";

const MS = 1_000_000n;
const HOUR = 3_600_000n * MS;

it.each<[what: string, span: bigint, bucketsMax: number, widthMs: number]>([
  ["a moment", 1n, 60, 1],
  ["an hour in 60", HOUR, 60, 60_000],
  ["an hour in 59", HOUR, 59, 120_000],
  ["a day in 60", 24n * HOUR, 60, 1_800_000],
  ["fifteen minutes in 120", HOUR / 4n, 120, 10_000],
  ["a week in one", 7n * 24n * HOUR, 1, 7 * 86_400_000],
  ["all time in 60", RECORD_TIME_NANOS_MAX, 60, 5 * 365 * 86_400_000],
])("%s", (_what, span, bucketsMax, widthMs) => {
  expect(bucketWidthMs(0n, span, bucketsMax)).toBe(widthMs);
});

it("never makes more buckets than that", () => {
  const time = fc.bigInt(0n, RECORD_TIME_NANOS_MAX - 1n);
  // One bucket cannot hold every span: some begin in one and end in the next, however wide.
  fc.assert(
    fc.property(time, time, fc.integer({ min: 2, max: 1_000 }), (a, b, bucketsMax) => {
      const [start, end] = a < b ? [a, b + 1n] : [b, a + 1n];
      const width = BigInt(bucketWidthMs(start, end, bucketsMax)) * MS;
      expect((end - 1n) / width - start / width + 1n).toBeLessThanOrEqual(BigInt(bucketsMax));
    }),
  );
});
