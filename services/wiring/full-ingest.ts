import { randomBytes } from "node:crypto";
import { KafkaEventLog } from "../adapters/kafka/event-log.ts";
import { NoLimiter } from "../adapters/memory/no-limiter.ts";
import type { RedisSettings } from "../adapters/redis/connection.ts";
import { RedisCounter } from "../adapters/redis/counter.ts";
import { RedisRateLimiter } from "../adapters/redis/rate-limiter.ts";
import type { Config } from "../config.ts";
import { IngestCounts } from "../ingest/ingest-counts.ts";
import { ingestService } from "../ingest/ingest-handlers.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { RateLimiter } from "../ports/rate-limiter.ts";
import type { Traces } from "../ports/traces.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { eventLogSettings, kafkaSettings, tracedTopic } from "./kafka-settings.ts";
import { CountedLimiter } from "./metrics/counted-limiter.ts";
import { ingestMetrics } from "./metrics/ingest-metrics.ts";
import { APPEND_TIMES } from "./metrics/metric-times.ts";
import { RedisFailures } from "./metrics/redis-failures.ts";
import { timedPort } from "./metrics/timed-port.ts";
import { preparedTopics } from "./prepared-topics.ts";
import { closedAtTheEnd, type Fail, type ProcessParts } from "./process-parts.ts";
import { toldCounts } from "./told-counts.ts";
import { tracedCalls } from "./tracing/traced-calls.ts";
import { waitingPart } from "./waiting-part.ts";

/** Ingest: into Kafka, within the limits in Redis. */
export function fullIngest(
  config: Config,
  logger: Logger,
  metrics: Metrics,
  fail: Fail,
  traces?: Traces,
): ProcessParts {
  const topics = kafkaSettings(config);
  const log = new KafkaEventLog(eventLogSettings(config));
  const redisFailures = new RedisFailures();
  const redis = { ...config.redis, onFailed: redisFailures.note };
  const limiter = new CountedLimiter(limiterOf(config, redis, logger));
  const counter = new RedisCounter(redis, logger);
  const counts = new IngestCounts();
  const topicsPart = waitingPart(
    { name: "Kafka's topics", prepare: () => preparedTopics(topics, logger), stop: async () => {} },
    systemClock,
    logger,
    fail,
  );
  metrics.add(...ingestMetrics(counts), limiter.metric, redisFailures.metric);
  const service = ingestService({
    log: timedPort<EventLog>(log, ["append"], metrics.times(APPEND_TIMES)),
    limiter,
    clock: systemClock,
    randomBytes,
    counts,
    counter,
    producerAgeDaysMax: config.recordDays - config.logDays,
  });
  return {
    parts: [
      toldCounts("ingest", () => counts.totals(), logger),
      closedAtTheEnd("limiter", limiter),
      closedAtTheEnd("counter", counter),
      topicsPart,
      closedAtTheEnd("event log", log),
    ],
    services: [traces ? tracedCalls(service, traces, tracedTopic(config)) : service],
    checks: [{ name: "event log (Kafka)", services: [service.service.typeName], check: () => log.check() }],
  };
}

function limiterOf({ rateLimit }: Config, redis: RedisSettings, logger: Logger): RateLimiter {
  const { on, perSecond, burst, replicas } = rateLimit;
  if (!on) return new NoLimiter();
  return new RedisRateLimiter({ ...redis, capacity: burst, refillPerSecond: perSecond, replicas }, logger);
}
