import type { Identities } from "../measure/identities.ts";
import type { ProcessFigures } from "../measure/process-figures.ts";

/** LogPulse in one of its modes, as the benchmarks of writing need it. */
export interface Installation {
  /** "ingest" (one process on Kafka), "envoy" (the same behind Envoy), "full" (all roles behind Envoy) or "embedded". */
  name: string;
  /** host:port for gRPC and HTTP. */
  address: string;
  /** The processes that a call passes. */
  processes: ProcessFigures[];
  /** CPU seconds of these so far, by what a call waits for: together they are what an acknowledged call costs. */
  cpuSeconds(): Record<string, number>;
  /** Waits until what was acknowledged so far is stored, where storing shares the process and would disturb what comes. */
  settle(): Promise<void>;
  /** Every identity that it keeps now, as often as it keeps it. */
  kept(): Promise<Identities>;
}

/** Installations that were started together, and end together. */
export interface Started {
  installations: Installation[];
  stop(): Promise<void>;
}

/** Resident memory of all of its processes together, in MiB. */
export function memoryMiB({ processes }: Pick<Installation, "processes">): number {
  return processes.reduce((sum, figures) => sum + figures.memoryMiB(), 0);
}
