/** Some measurements of the same thing. */
export interface Spread {
  median: number;
  min: number;
  max: number;
  of: number[];
}

/** Of one or more values, rounded to `digits` behind the point. */
export function spread(values: readonly number[], digits = 0): Spread {
  if (values.length === 0) throw new Error("there is nothing to take the median of");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  const round = (value: number) => Number(value.toFixed(digits));
  return { median: round(median), min: round(sorted[0]!), max: round(sorted.at(-1)!), of: values.map(round) };
}

/** Each value beside the one of the same round on the other side. */
export function ratios(values: readonly number[], floors: readonly number[]): Spread {
  if (values.length !== floors.length) throw new Error(`${values.length} rounds beside ${floors.length}`);
  return spread(
    values.map((value, round) => value / floors[round]!),
    3,
  );
}

/** Milliseconds that so many of a hundred stayed below. */
export interface Quantiles {
  p50: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
}

/** By the nearest rank; NaN of nothing. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => Number((sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(2));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999), max: at(1) };
}
