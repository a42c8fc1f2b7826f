import type { Config } from "../config.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Traces } from "../ports/traces.ts";
import { fullAdmin } from "./full-admin.ts";
import { fullDeadLetterTable } from "./full-dead-letter-table.ts";
import { fullWorkerStore } from "./full-worker-store.ts";
import { type Fail, joinedParts, type ProcessParts } from "./process-parts.ts";

/**
 * Workers: a loop and a consumer group for each store that the settings name; where MySQL is one of them, another group
 * for the table of dead letters, which MySQL holds. Each worker, whatever its stores, administers all of them.
 */
export function fullWorkers(
  config: Config,
  logger: Logger,
  metrics: Metrics,
  fail: Fail,
  traces?: Traces,
): ProcessParts {
  return joinedParts([
    ...config.sinks.map((sink) => fullWorkerStore(sink, config, logger, metrics, fail, traces)),
    ...(config.sinks.includes("mysql") ? [fullDeadLetterTable(config, logger, fail)] : []),
    fullAdmin(config, logger, fail),
  ]);
}
