import { randomBytes } from "node:crypto";
import { MemoryCache } from "../adapters/memory/cache.ts";
import { MemoryCounter } from "../adapters/memory/counter.ts";
import { MemoryEventLog } from "../adapters/memory/event-log.ts";
import { MemoryLogSearch } from "../adapters/memory/log-search.ts";
import { MemoryStore } from "../adapters/memory/memory-store.ts";
import { NoLimiter } from "../adapters/memory/no-limiter.ts";
import { MemoryRateLimiter } from "../adapters/memory/rate-limiter.ts";
import type { Config } from "../config.ts";
import { IngestCounts } from "../ingest/ingest-counts.ts";
import { ingestService } from "../ingest/ingest-handlers.ts";
import type { Logger } from "../ports/logger.ts";
import { queryService } from "../query/query-handlers.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { statsService } from "../stats/stats-handlers.ts";
import { memoryWorker } from "./memory-worker.ts";
import type { ProcessParts } from "./process-parts.ts";
import { toldCounts } from "./told-counts.ts";

/** All roles in one process, on adapters that keep nothing beyond it. */
export function memoryParts(config: Config, logger: Logger): ProcessParts {
  const clock = systemClock;
  const log = new MemoryEventLog(config.kafka.partitions);
  const store = new MemoryStore();
  const cache = new MemoryCache(clock);
  const { perSecond, burst } = config.rateLimit;
  const limiter = config.rateLimit.on
    ? new MemoryRateLimiter({ capacity: burst, refillPerSecond: perSecond }, clock)
    : new NoLimiter();
  const counts = new IngestCounts();
  const worker = memoryWorker(config, log, store, logger);
  return {
    parts: [...worker.parts, toldCounts("ingest", () => counts.totals(), logger)],
    services: [
      ingestService({
        log,
        limiter,
        clock,
        randomBytes,
        counts,
        counter: new MemoryCounter(),
        producerAgeDaysMax: config.recordDays - config.logDays,
      }),
      queryService({
        lookup: store,
        search: new MemoryLogSearch((tenant) => store.recordsOf(tenant)),
        accessLog: store,
        cache,
        lookupTtlMs: config.lookupTtlMs,
      }),
      statsService({ stats: store, cache, clock, ttlMs: config.statsTtlMs }),
      ...worker.services,
    ],
    checks: [],
  };
}
