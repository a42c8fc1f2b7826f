import type { Identity } from "../domain/identity.ts";
import type { StoredRecord } from "../domain/stored-record.ts";

/** Stored records before and after a place in a producer's seqs. */
export interface NeighbourRecords {
  /** By seq, ascending: the nearest is the last. */
  before: StoredRecord[];
  /** By seq, ascending: the nearest is the first. */
  after: StoredRecord[];
}

/** Finds records by their identity. */
export interface LogLookup {
  /**
   * The record, or undefined where none with that identity is stored (dropped, rejected and not yet stored included).
   *
   * @throws LogPulseError `store_unavailable`.
   */
  get(tenant: string, identity: Identity, signal: AbortSignal): Promise<StoredRecord | undefined>;

  /**
   * The stored records of the same producer nearest to that seq, which itself is in neither list: at most `before` with
   * lower seqs, at most `after` with higher ones, and of each no more than about SEARCH_PAGE_BYTES_MAX. Seqs without a
   * stored record are passed over.
   *
   * @throws LogPulseError `store_unavailable`.
   */
  around(
    tenant: string,
    identity: Identity,
    before: number,
    after: number,
    signal: AbortSignal,
  ): Promise<NeighbourRecords>;

  /** Resolves if the store answers now; rejects with `store_unavailable`, within two seconds. For readiness. */
  check(): Promise<void>;
}
