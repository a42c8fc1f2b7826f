import type { ElasticsearchSettings } from "../adapters/elasticsearch/settings.ts";
import type { MysqlSettings } from "../adapters/mysql/settings.ts";
import type { Config } from "../config.ts";
import { MYSQL_CONNECTIONS_MAX } from "../domain/limits.ts";
import { systemClock } from "../runtime/system-clock.ts";

/** Elasticsearch as the settings have it. */
export function elasticsearchSettings({ elasticsearch }: Config): ElasticsearchSettings {
  return { ...elasticsearch, clock: systemClock, random: Math.random };
}

/** MySQL as the settings have it. */
export function mysqlSettings({ mysql }: Config): MysqlSettings {
  return { ...mysql, connectionsMax: MYSQL_CONNECTIONS_MAX, clock: systemClock, random: Math.random };
}
