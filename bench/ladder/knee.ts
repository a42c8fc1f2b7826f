import type { Backlog } from "../measure/in-flight.ts";
import type { Quantiles } from "../measure/spread.ts";

/** What is known of a step, as far as it decides. */
export interface Step {
  recordsPerSecond: number;
  acknowledgedMs: Quantiles;
  backlog: Backlog;
  /** Calls that were refused or never answered. */
  failed: number;
}

export const KNEE_P99_MS_MAX = 100;

/** The highest rate at which nothing failed, 99 of 100 were acknowledged within 100 ms and no backlog grew. */
export function kneeOf<S extends Step>(steps: readonly S[]): S | undefined {
  return steps
    .filter(({ acknowledgedMs, backlog, failed }) => {
      const { p99 } = acknowledgedMs; // From JSON it is null where no call was acknowledged.
      return failed === 0 && Number.isFinite(p99) && p99 < KNEE_P99_MS_MAX && !backlog.isGrowing;
    })
    .reduce<S | undefined>(
      (best, step) => (best === undefined || step.recordsPerSecond > best.recordsPerSecond ? step : best),
      undefined,
    );
}
