import type { Metrics } from "../../ports/metrics.ts";
import { SETTLED_TIMES } from "./metric-times.ts";

/** Takes how long after ingest received it a batch was settled, in milliseconds. */
export function settledTimes(store: string, metrics: Metrics): (delayMs: number) => void {
  const take = metrics.times(SETTLED_TIMES);
  return (delayMs) => take(delayMs / 1_000, { store });
}
