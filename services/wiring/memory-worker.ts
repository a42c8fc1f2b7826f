import { MemoryDeadLetterReplay } from "../adapters/memory/dead-letter-replay.ts";
import { MemoryDeadLetterTable } from "../adapters/memory/dead-letter-table.ts";
import { MemoryDeadLetters } from "../adapters/memory/dead-letters.ts";
import type { MemoryEventLog } from "../adapters/memory/event-log.ts";
import { MemoryEventLogReader } from "../adapters/memory/event-log-reader.ts";
import type { MemoryStore } from "../adapters/memory/memory-store.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../ports/logger.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { adminService } from "../worker/admin-handlers.ts";
import { RetentionLoop } from "../worker/retention-loop.ts";
import { WorkerLoop } from "../worker/worker-loop.ts";
import { daysKept } from "./days-kept.ts";
import type { ProcessParts } from "./process-parts.ts";
import { toldCounts } from "./told-counts.ts";

/** The worker of the memory mode: from the log into the store, with its dead letters and its retention. */
export function memoryWorker(config: Config, log: MemoryEventLog, store: MemoryStore, logger: Logger): ProcessParts {
  const retry = { clock: systemClock, random: Math.random, logger };
  const table = new MemoryDeadLetterTable(systemClock);
  const replay = new MemoryDeadLetterReplay(store.records, config.dropRules);
  const worker = new WorkerLoop({
    reader: new MemoryEventLogReader(log, systemClock),
    group: "memory",
    sink: store,
    deadLetters: new MemoryDeadLetters(table),
    dropRules: config.dropRules,
    ...retry,
  });
  const retention = new RetentionLoop({
    retention: store,
    table,
    days: daysKept(config),
    newestReceivedMs: () => worker.newestReceivedMs,
    ...retry,
  });
  return {
    parts: [
      { name: "worker", start: (signal) => worker.start(signal), stop: () => worker.stop() },
      { name: "retention", start: async () => retention.start(), stop: () => retention.stop() },
      toldCounts("stored", () => worker.totals, logger),
      toldCounts("retention", () => retention.totals, logger),
    ],
    services: [adminService({ table, replays: new Map([[replay.name, replay]]), clock: systemClock })],
    checks: [],
  };
}
