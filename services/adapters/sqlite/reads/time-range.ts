const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Times in nanoseconds since 1970, both included, that fit the 64 bits of a column. */
export interface TimeRange {
  from: bigint;
  to: bigint;
}

/** What there can be between two times, both included; undefined where that is nothing. */
export function timeRange(from: bigint | undefined, to: bigint | undefined): TimeRange | undefined {
  const range = { from: larger(from ?? INT64_MIN, INT64_MIN), to: smaller(to ?? INT64_MAX, INT64_MAX) };
  return range.from <= range.to ? range : undefined;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
