import { RECORD_BYTES_MAX } from "../../domain/limits.ts";
import { accessLogContract } from "../../ports/access-log.contract.ts";
import { logLookupContract } from "../../ports/log-lookup.contract.ts";
import { logSinkContract } from "../../ports/log-sink.contract.ts";
import { logStatsContract } from "../../ports/log-stats.contract.ts";
import { MemoryStore } from "./memory-store.ts";

async function close(): Promise<void> {}

logSinkContract("memory", async () => {
  const sink = new MemoryStore();
  const refusedRecord = { message: "x".repeat(RECORD_BYTES_MAX) };
  return { sink, stored: async (tenant) => [...sink.recordsOf(tenant)], refusedRecord, close };
});
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
