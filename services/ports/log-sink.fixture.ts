import type { StoredRecord } from "../domain/stored-record.ts";
import type { RecordToBuild } from "./build-logged-batch.ts";
import type { LogSink } from "./log-sink.ts";
import type { LogStats } from "./log-stats.ts";
import type { Retention } from "./retention.ts";

/** A sink under test and ways to look into its store and to move its first day. */
export interface LogSinkHarness {
  /** Over an empty store of its own; the contract calls `prepare`. */
  sink: LogSink;
  /** Everything stored for the tenant, in any order; what was stored before the call is in it. */
  stored(tenant: string): Promise<StoredRecord[]>;
  /** Of the same store. */
  retention: Retention;
  /** Resolves when the sink has seen a first day that was set before; only where it looks for it now and then. */
  firstDaySeen?(): Promise<void>;
  /** Of the same store, where it has statistics. */
  stats?: LogStats;
  /**
   * True for a store that keeps the set of settled seqs (SQL, memory): it judges conflicts, and remembers what it dropped
   * and refused. False for one that finds only what stands in it (Elasticsearch): "there already", whatever is in it.
   */
  judgesConflicts: boolean;
  /** A record that this store refuses for ever; ingest would have rejected it. */
  refusedRecord: RecordToBuild;
  /** How many random sequences of calls are compared with the model; 50 unless given. */
  modelRuns?: number;
  /** Removes what the tests stored, and closes the sink. */
  close(): Promise<void>;
}
