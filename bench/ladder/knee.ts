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

/**
 * The highest rate up to which, at each step, nothing failed, 99 of 100 were acknowledged within 100 ms and no backlog
 * grew. A step that holds above one that does not is luck.
 */
export function kneeOf<S extends Step>(steps: readonly S[]): S | undefined {
  const ascending = [...steps].sort((one, other) => one.recordsPerSecond - other.recordsPerSecond);
  const beyond = ascending.findIndex((step) => !holds(step));
  return ascending[(beyond === -1 ? ascending.length : beyond) - 1];
}

function holds({ acknowledgedMs, backlog, failed }: Step): boolean {
  const { p99 } = acknowledgedMs; // From JSON it is null where no call was acknowledged.
  return failed === 0 && Number.isFinite(p99) && p99 < KNEE_P99_MS_MAX && !backlog.isGrowing;
}
