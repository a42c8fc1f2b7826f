import { MysqlConnections } from "../adapters/mysql/connections.ts";
import { MysqlDeadLetterTable } from "../adapters/mysql/dead-letter-table.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../ports/logger.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { DeadLetterLoop } from "../worker/dead-letter-loop.ts";
import { kafkaSettings } from "./kafka-settings.ts";
import { LostMessages } from "./lost-messages.ts";
import { preparedTopics } from "./prepared-topics.ts";
import { closedAtTheEnd, type Fail, type ProcessParts } from "./process-parts.ts";
import { mysqlSettings } from "./store-settings.ts";
import { toldCounts } from "./told-counts.ts";
import { topicReader } from "./topic-reader.ts";
import { waitingPart } from "./waiting-part.ts";

/** The loop that fills the table of dead letters, which is in MySQL, from their topic. */
export function fullDeadLetterTable(config: Config, logger: Logger, fail: Fail): ProcessParts {
  const topics = kafkaSettings(config);
  const mysql = new MysqlConnections(mysqlSettings(config));
  const lost = new LostMessages(logger);
  const loop = new DeadLetterLoop({
    reader: topicReader(config, { ...topics.deadLetters, compacted: true }, lost, logger),
    group: `${config.kafka.topicPrefix}-dead-letter-table`,
    table: new MysqlDeadLetterTable(mysql, systemClock),
    clock: systemClock,
    random: Math.random,
    logger,
  });
  let reading = false;
  const prepare = async (signal: AbortSignal) => {
    await preparedTopics(topics, logger);
    await loop.start(signal);
    reading = true;
  };
  const part = waitingPart(
    { name: "reader of dead letters", prepare, stop: () => loop.stop() },
    systemClock,
    logger,
    fail,
  );
  const check = async () => {
    if (!reading) throw new Error("it has not joined its consumer group yet");
    lost.check();
  };
  return {
    parts: [
      toldCounts("dead letters", () => ({ ...loop.totals, ...lost.totals }), logger),
      closedAtTheEnd("connections of the table of dead letters", mysql),
      part,
    ],
    services: [],
    checks: [{ name: "reader of dead letters", services: [], check }],
  };
}
