import type { Config } from "../config.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Traces } from "../ports/traces.ts";
import { boundHeapGrowth } from "../runtime/heap-growth.ts";
import { fullIngest } from "./full-ingest.ts";
import { fullQuery } from "./full-query.ts";
import { fullStats } from "./full-stats.ts";
import { fullWorkers } from "./full-workers.ts";
import { type Fail, joinedParts, type ProcessParts } from "./process-parts.ts";

/** Records wait for a store's answer just long enough to outlive young garbage. A process that also takes calls goes without. */
const WORKER_HEAP_GROWTH_PERCENT = 120;

/** The roles that the settings name, on Kafka, Elasticsearch, MySQL and Redis. `traces`: left out, there are none. */
export function fullParts(config: Config, logger: Logger, metrics: Metrics, fail: Fail, traces?: Traces): ProcessParts {
  if (config.roles.every((role) => role === "worker")) boundHeapGrowth(WORKER_HEAP_GROWTH_PERCENT);
  const wiringOf = { ingest: fullIngest, worker: fullWorkers, query: fullQuery, stats: fullStats };
  return joinedParts(config.roles.map((role) => wiringOf[role](config, logger, metrics, fail, traces)));
}
