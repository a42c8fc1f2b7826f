import { ElasticsearchLogAggregates } from "../adapters/elasticsearch/log-aggregates.ts";
import { ElasticsearchLogSearch } from "../adapters/elasticsearch/log-search.ts";
import { KafkaLogFollower } from "../adapters/kafka/event-log-follower.ts";
import { MysqlAccessLog } from "../adapters/mysql/access-log.ts";
import { MysqlConnections } from "../adapters/mysql/connections.ts";
import { MysqlLogLookup } from "../adapters/mysql/log-lookup.ts";
import { RedisCache } from "../adapters/redis/cache.ts";
import type { Config } from "../config.ts";
import type { LogLookup } from "../ports/log-lookup.ts";
import type { LogSearch } from "../ports/log-search.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import { GatedAccessLog, GatedAggregates, GatedSearch } from "../query/gate.ts";
import { queryService } from "../query/query-handlers.ts";
import { Tails } from "../query/tail/tails.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { eventLogSettings } from "./kafka-settings.ts";
import { CountedCache } from "./metrics/counted-cache.ts";
import { STORE_TIMES } from "./metrics/metric-times.ts";
import { RedisFailures } from "./metrics/redis-failures.ts";
import { timedPort } from "./metrics/timed-port.ts";
import { waitingQueries } from "./metrics/waiting-queries.ts";
import { closedAtTheEnd, type ProcessParts } from "./process-parts.ts";
import { elasticsearchSettings, mysqlSettings } from "./store-settings.ts";

/** Queries: by id from MySQL through Redis, by content from Elasticsearch, tails from Kafka. */
export function fullQuery(config: Config, logger: Logger, metrics: Metrics): ProcessParts {
  const mysql = new MysqlConnections(mysqlSettings(config));
  const search = new ElasticsearchLogSearch(elasticsearchSettings(config));
  const aggregates = new ElasticsearchLogAggregates(elasticsearchSettings(config));
  const follower = new KafkaLogFollower(eventLogSettings(config));
  const redisFailures = new RedisFailures();
  const cache = new CountedCache(new RedisCache({ ...config.redis, onFailed: redisFailures.note }, logger));
  const lookup = new MysqlLogLookup(mysql);
  const [searches, counts] = [new GatedSearch(search), new GatedAggregates(aggregates)];
  const lists = new GatedAccessLog(new MysqlAccessLog(mysql));
  metrics.add(cache.metric, redisFailures.metric, waitingQueries({ searches, counts, lists }));
  const take = metrics.times(STORE_TIMES);
  const [ofElasticsearch, ofMysql] = [{ store: "elasticsearch" }, { store: "mysql" }];
  const service = queryService({
    lookup: timedPort<LogLookup>(lookup, ["get", "around"], take, ofMysql),
    search: timedPort<LogSearch>(searches, ["search"], take, ofElasticsearch),
    aggregates: timedPort(counts, ["timeSpan", "histogram", "facets"], take, ofElasticsearch),
    accessLog: timedPort(lists, ["list"], take, ofMysql),
    tails: new Tails({ follower, clock: systemClock, logger }),
    cache,
    clock: systemClock,
    lookupTtlMs: config.lookupTtlMs,
  });
  return {
    parts: [
      closedAtTheEnd("connections to MySQL", mysql),
      closedAtTheEnd("connections to Elasticsearch", search),
      closedAtTheEnd("connections to Elasticsearch for counts", aggregates),
      closedAtTheEnd("connections to Kafka", follower),
      closedAtTheEnd("cache", cache),
    ],
    services: [service],
    checks: [
      // A store that is away is away for every replica: each call then says so itself, and those that do not need that
      // store are answered. So the service's health does not depend on them; /readyz tells.
      { name: "records in MySQL", services: [], check: () => lookup.check() },
      { name: "search in Elasticsearch", services: [], check: () => search.check() },
    ],
  };
}
