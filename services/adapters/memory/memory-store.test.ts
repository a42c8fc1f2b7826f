import { RECORD_BYTES_MAX } from "../../domain/limits.ts";
import { accessLogContract } from "../../ports/access-log.contract.ts";
import { deadLetterReplayContract } from "../../ports/dead-letter-replay.contract.ts";
import { logLookupContract } from "../../ports/log-lookup.contract.ts";
import { logSinkContract } from "../../ports/log-sink.contract.ts";
import { logStatsContract } from "../../ports/log-stats.contract.ts";
import { retentionContract } from "../../ports/retention.contract.ts";
import { MemoryDeadLetterReplay } from "./dead-letter-replay.ts";
import { MemoryStore } from "./memory-store.ts";

async function close(): Promise<void> {}

async function makeStore() {
  const store = new MemoryStore();
  return {
    sink: store,
    stored: async (tenant: string) => [...store.recordsOf(tenant)],
    retention: store,
    stats: store,
    replay: new MemoryDeadLetterReplay(store.records, []),
    judgesConflicts: true,
    refusedRecord: { message: "x".repeat(RECORD_BYTES_MAX) },
    modelRuns: 2_000,
    close,
  };
}

logSinkContract("memory", makeStore);
retentionContract("memory", makeStore);
deadLetterReplayContract("memory", makeStore);
logLookupContract("memory", async () => {
  const store = new MemoryStore();
  return { sink: store, lookup: store, close };
});
accessLogContract("memory", async () => {
  const store = new MemoryStore();
  return { sink: store, accessLog: store, close };
});
logStatsContract("memory", async () => {
  const store = new MemoryStore();
  return { sink: store, stats: store, close };
});
