import type { Role } from "../../stack/roles.ts";
import type { RunningServer } from "../../stack/server-process.ts";
import type { FullMode } from "../../tests/full-mode.ts";
import type { RealServers } from "../../tests/real-servers.ts";
import type { CheckResult } from "../checker/check-result.ts";
import type { RunPlaces } from "../checker/check-run.ts";
import type { SeededRandom } from "../ledger/seeded-random.ts";
import type { Load, LoadSettings } from "../load/load.ts";

/** One fault of the series, one file in runs/. */
export interface Fault {
  /** As on the command line. */
  readonly name: string;
  /** What is done to LogPulse, in one sentence. */
  readonly summary: string;
  /** Servers that it starts for itself, because it kills them or stands before them: the shared ones are not needed then. */
  readonly brings?: readonly ServerName[];
  /** How long its load lasts where it happens so many times. */
  loadSeconds(times: number): number;
  /** What its load has beside the usual. */
  readonly load?: Pick<LoadSettings, "behaviours" | "cuts" | "sharedProducers">;
  /** Prepares it, before anything of LogPulse runs. */
  open(stage: Stage): Promise<OpenFault> | OpenFault;
}

/** The servers that a run uses. */
export type ServerName = "kafka" | "elasticsearch" | "mariadb" | "redis";

/** What there is before LogPulse starts. */
export interface Stage {
  /** Of the servers that the fault does not bring, and of nothing else. */
  servers: Partial<RealServers>;
  /** Of this run; the fault's own sequence. */
  random: SeededRandom;
  /** An empty folder that is deleted after the run. */
  directory: string;
  /** How often the fault is to happen, where it can happen more than once. */
  times: number;
}

/** A fault that is ready to happen. */
export interface OpenFault {
  /** Addresses of the servers that it brings. */
  servers?: Partial<RealServers>;
  /** Gives each role as it is to be started. */
  role?(role: Role): Role;
  /** Happens while the load runs; resolves when nothing more will be done to LogPulse and everything runs again. */
  during(scene: Scene): Promise<void>;
  /** Happens when all is drained and before the check. @returns further problems, one sentence each. */
  after?(scene: Scene): Promise<string[]>;
  /** What it has done, for the report: counts by name. */
  notes?(): Record<string, number | string>;
  close?(): Promise<void>;
}

/** What a fault can work with while it happens. */
export interface Scene {
  readonly full: FullMode;
  readonly servers: RealServers;
  readonly places: RunPlaces;
  readonly load: Load;
  readonly random: SeededRandom;
  readonly times: number;
  /** Says on the console what happens now. */
  tell(sentence: string): void;
  /** Recovery is measured from now on: nothing is in LogPulse's way any more. The slowest of several counts. */
  recovers(): void;
  /** Starts one more process like the named role, which ends with the run. */
  startAnother(role: string): Promise<RunningServer>;
  /** Runs the checker as at the end; for faults that compare. */
  check(): Promise<CheckResult>;
  /** Resolves when the workers have stored all that is in the topic. */
  drained(): Promise<void>;
}
