import type { ElasticsearchSettings } from "../adapters/elasticsearch/settings.ts";
import type { MysqlSettings } from "../adapters/mysql/settings.ts";
import type { Config } from "../config.ts";
import { systemClock } from "../runtime/system-clock.ts";

const MYSQL_CONNECTIONS_MAX = 10;

/** Elasticsearch as the settings have it. */
export function elasticsearchSettings({ elasticsearch }: Config): ElasticsearchSettings {
  return { ...elasticsearch, clock: systemClock, random: Math.random };
}

/** MySQL as the settings have it. */
export function mysqlSettings({ mysql }: Config): MysqlSettings {
  return { ...mysql, connectionsMax: MYSQL_CONNECTIONS_MAX, clock: systemClock, random: Math.random };
}
