import type { Identity } from "../domain/identity.ts";
import type { StoredRecord } from "../domain/stored-record.ts";

/** Finds one record by its identity. */
export interface LogLookup {
  /**
   * The record, or undefined where none with that identity is stored (dropped, rejected and not yet stored included).
   *
   * @throws LogPulseError `store_unavailable`.
   */
  get(tenant: string, identity: Identity, signal: AbortSignal): Promise<StoredRecord | undefined>;

  /** Resolves if the store answers now; rejects with `store_unavailable`, within two seconds. For readiness. */
  check(): Promise<void>;
}
