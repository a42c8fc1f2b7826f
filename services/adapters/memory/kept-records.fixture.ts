import type { LoggedBatch } from "../../domain/logged-batch.ts";
import type { StoredRecord } from "../../domain/stored-record.ts";
import { storedRecords } from "../../ports/log-search.fixture.ts";

/** Records by tenant, for what only reads. */
export function keptRecords() {
  const kept = new Map<string, StoredRecord[]>();
  return {
    recordsOf: (tenant: string): StoredRecord[] => kept.get(tenant) ?? [],
    store: async (batches: readonly LoggedBatch[]): Promise<void> => {
      for (const batch of batches) {
        kept.set(batch.tenant, [...(kept.get(batch.tenant) ?? []), ...storedRecords(batch)]);
      }
    },
  };
}
