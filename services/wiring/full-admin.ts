import { ElasticsearchDeadLetterReplay } from "../adapters/elasticsearch/dead-letter-replay.ts";
import { MysqlConnections } from "../adapters/mysql/connections.ts";
import { MysqlDeadLetterReplay } from "../adapters/mysql/dead-letter-replay.ts";
import { MysqlDeadLetterTable } from "../adapters/mysql/dead-letter-table.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../ports/logger.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { adminService } from "../worker/admin-handlers.ts";
import { closedAtTheEnd, type Fail, type ProcessParts } from "./process-parts.ts";
import { elasticsearchSettings, mysqlSettings } from "./store-settings.ts";
import { waitingPart } from "./waiting-part.ts";

/** Administration: dead letters as the table in MySQL has them, replayed into both stores. */
export function fullAdmin(config: Config, logger: Logger, fail: Fail): ProcessParts {
  const mysql = new MysqlConnections(mysqlSettings(config));
  const table = new MysqlDeadLetterTable(mysql, systemClock);
  const elasticsearch = new ElasticsearchDeadLetterReplay(elasticsearchSettings(config), config.dropRules);
  const replays = [elasticsearch, new MysqlDeadLetterReplay(mysql, systemClock, config.dropRules)];
  const tablePart = waitingPart(
    { name: "the table of dead letters", prepare: () => table.prepare(), stop: async () => {} },
    systemClock,
    logger,
    fail,
  );
  const byName = new Map(replays.map((replay) => [replay.name, replay]));
  return {
    parts: [
      closedAtTheEnd("administration of MySQL", mysql),
      closedAtTheEnd("administration of Elasticsearch", elasticsearch),
      tablePart,
    ],
    services: [adminService({ table, replays: byName, clock: systemClock })],
    // A worker is ready with its own store alone: calls that need another say so themselves.
    checks: [],
  };
}
