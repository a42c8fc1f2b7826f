import type { FaultResult } from "../scene/run-fault.ts";

/** How a fault of the embedded mode is run. */
export interface EmbeddedSettings {
  /** From 0 to 2^32-1. */
  seed: number;
  /** How often it happens. */
  rounds: number;
  /** Distinct records that the load sends in a second. Default: what each fault thinks right. */
  perSecond?: number;
  tell(sentence: string): void;
}

/** One fault of the embedded mode: it needs no server. */
export interface EmbeddedFault {
  /** As on the command line. */
  readonly name: string;
  /** What is done to LogPulse, in one sentence. */
  readonly summary: string;
  /** Where nothing is said. */
  readonly roundsUsual: number;
  /** @throws Error where the run itself could not be made. */
  run(settings: EmbeddedSettings): Promise<FaultResult>;
}
