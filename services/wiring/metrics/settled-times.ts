import type { Metrics } from "../../ports/metrics.ts";
import { SETTLED_TIMES } from "./metric-times.ts";

/** Takes when ingest received a batch that is settled now, in milliseconds since 1970. */
export function settledTimes(store: string, metrics: Metrics): (receivedMs: number) => void {
  const take = metrics.times(SETTLED_TIMES);
  return (receivedMs) => take(Math.max(0, Date.now() - receivedMs) / 1_000, { store }); // Clocks may differ a little.
}
