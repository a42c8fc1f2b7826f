import type { StoredRecord } from "../../domain/stored-record.ts";
import { logSearchContract } from "../../ports/log-search.contract.ts";
import { MemoryLogSearch } from "./log-search.ts";

logSearchContract("memory", async () => {
  const stored = new Map<string, StoredRecord[]>();
  return {
    search: new MemoryLogSearch((tenant) => stored.get(tenant) ?? []),
    store: async (batches) => {
      for (const { tenant, producer, receivedNanos, records } of batches) {
        const added = records.map(({ seq, record }) => ({ producer, seq, record, receivedNanos }));
        stored.set(tenant, [...(stored.get(tenant) ?? []), ...added]);
      }
    },
    close: async () => {},
  };
});
