import { KafkaLogFollower } from "../adapters/kafka/event-log-follower.ts";
import { KafkaStorePositions } from "../adapters/kafka/store-positions.ts";
import { MysqlConnections } from "../adapters/mysql/connections.ts";
import { MysqlLogStats } from "../adapters/mysql/log-stats.ts";
import { RedisCache } from "../adapters/redis/cache.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { statsService } from "../stats/stats-handlers.ts";
import { Watermark } from "../stats/watermark.ts";
import { eventLogSettings, storeGroup } from "./kafka-settings.ts";
import { CountedCache } from "./metrics/counted-cache.ts";
import { STORE_TIMES } from "./metrics/metric-times.ts";
import { RedisFailures } from "./metrics/redis-failures.ts";
import { timedPort } from "./metrics/timed-port.ts";
import { closedAtTheEnd, type ProcessParts } from "./process-parts.ts";
import { mysqlSettings } from "./store-settings.ts";

/** Statistics: from the rollups in MySQL, remembered in Redis; how far they have come, from Kafka. */
export function fullStats(config: Config, logger: Logger, metrics: Metrics): ProcessParts {
  const mysql = new MysqlConnections(mysqlSettings(config));
  const redisFailures = new RedisFailures();
  const cache = new CountedCache(new RedisCache({ ...config.redis, onFailed: redisFailures.note }, logger));
  const take = metrics.times(STORE_TIMES);
  const stats = timedPort(new MysqlLogStats(mysql), ["busiest", "requests", "clients"], take, { store: "mysql" });
  metrics.add(cache.metric, redisFailures.metric);
  const log = eventLogSettings(config);
  const follower = new KafkaLogFollower(log);
  const positions = new KafkaStorePositions({ ...log, group: storeGroup(config, "mysql") });
  const watermark = new Watermark({ follower, positions, clock: systemClock });
  const service = statsService({ stats, cache, clock: systemClock, ttlMs: config.statsTtlMs, watermark });
  return {
    parts: [
      closedAtTheEnd("connections to MySQL", mysql),
      closedAtTheEnd("cache", cache),
      closedAtTheEnd("connections to Kafka", follower),
      closedAtTheEnd("positions in Kafka", positions),
      closedAtTheEnd("watermark", watermark),
    ],
    services: [service],
    // As in full-query.ts: health does not depend on the store, /readyz tells.
    checks: [{ name: "rollups in MySQL", services: [], check: () => stats.check() }],
  };
}
