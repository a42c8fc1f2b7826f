import type { RunningServer } from "../stack/server-process.ts";

/** A store of an installation, looked into past LogPulse. */
export interface StoreOfInstallation {
  /** As dead letters name it. */
  name: string;
  /** `<producer>-<seq>` of every record, each as often as it stands there. */
  identities(): Promise<string[]>;
  /** Of one producer: records by the status of their `http`. */
  statusCounts(producer: string): Promise<Record<string, number>>;
}

/** LogPulse as its callers see it, in one of its modes. What is tested over this holds in both. */
export interface Installation {
  /** host:port for gRPC. */
  address: string;
  /** http://host:port for REST and Connect. */
  url: string;
  stores: readonly StoreOfInstallation[];
  /** The name of the store that judges conflicts. */
  judge: string;
  /** Processes that take records, by name. */
  ingests: ReadonlyMap<string, RunningServer>;
  /** All processes of LogPulse. */
  processes: readonly RunningServer[];
  /** Ends everything that was started, and deletes its data. */
  stop(): Promise<void>;
}

/** Starts an installation; resolves when it is ready. `settings`: variables as services/config.ts knows them. */
export type StartInstallation = (settings?: Record<string, string>) => Promise<Installation>;
