import type { ReportHead } from "../measure/report.ts";

const FALL_MAX = 0.1;

/** A ratio now and in the committed report. */
export interface ComparedRatio {
  name: string;
  what: string;
  before: number;
  now: number;
  /** More than 10 % below the committed one. */
  hasFallen: boolean;
  /** No lower than the lowest round of the committed report: it may be chance. */
  isWithinSpread: boolean;
}

/**
 * Each ratio of the committed report beside the new run's. Ratios to a floor of the same run, so that another machine or
 * a busy one changes both sides.
 *
 * @throws Error: the new run lacks one of them.
 */
export function compareRatios(before: Pick<ReportHead, "ratios">, now: Pick<ReportHead, "ratios">): ComparedRatio[] {
  return Object.entries(before.ratios).map(([name, { what, median, min }]) => {
    const found = now.ratios[name];
    if (found === undefined) throw new Error(`the new run has no ratio ${name} (${what})`);
    const hasFallen = found.median < (1 - FALL_MAX) * median;
    return { name, what, before: median, now: found.median, hasFallen, isWithinSpread: found.median >= min };
  });
}
