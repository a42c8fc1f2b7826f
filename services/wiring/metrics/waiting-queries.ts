import type { Metric } from "../../ports/metrics.ts";

/** Whatever calls wait at: what services/query/gate.ts puts before a store. */
export interface Waited {
  readonly waitingCalls: number;
}

/** How many calls wait at each of the gates, by what they ask for. */
export function waitingQueries(gates: Readonly<Record<string, Waited>>): Metric {
  return {
    name: "logpulse_queries_waiting",
    help: "Calls that wait for their turn to ask a store.",
    kind: "gauge",
    labelNames: ["what"],
    read: () => Object.entries(gates).map(([what, { waitingCalls }]) => ({ labels: { what }, value: waitingCalls })),
  };
}
