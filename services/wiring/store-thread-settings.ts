import type { Config } from "../config.ts";
import type { DaysKept } from "../worker/retention-loop.ts";
import type { StoreCall } from "./tracing/told-store-calls.ts";

/** What the store thread is started with: values that can be copied between threads. */
export interface StoreThreadSettings {
  /** Where the store's file is, or is to be. */
  storePath: string;
  /** The log that it reads. */
  logPath: string;
  logId: string;
  partitions: number;
  /** Of LogSignals. */
  signals: SharedArrayBuffer;
  /** The log still has every message, so a store that is damaged can be made again. */
  logIsWhole: boolean;
  /** As they stand in the settings. */
  dropRules: string;
  days: DaysKept;
  diskBytesMax: number;
  logLevel: Config["logLevel"];
  /** Our own log is read by people. */
  readableLog: boolean;
  /** Each transaction is told, for traces. */
  tellsStoreCalls: boolean;
}

/** Said unasked. */
export interface StoreThreadNews {
  /** Why records may not be taken now, for want of room that retention could make; null when they may again. */
  refusal?: string | null;
  /** No waiting will mend that: the process has to end. */
  fault?: string;
  /** How long after ingest received them batches were settled: some since the last time. */
  delaysMs?: number[];
  /** A transaction is over. */
  storeCall?: StoreCall;
}
