import { embeddedInstallation } from "./embedded-installation.ts";
import { metricsContract } from "./metrics.contract.ts";

// SQLite has bounds of its own and no gates before it, and there is no Redis.
metricsContract("in one process", embeddedInstallation, [
  "logpulse_queries_waiting",
  "logpulse_redis_failed_commands_total",
]);
