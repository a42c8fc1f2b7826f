import { ElasticsearchLogSink } from "../adapters/elasticsearch/log-sink.ts";
import { KafkaDeadLetters } from "../adapters/kafka/dead-letters.ts";
import { KafkaEventLogReader } from "../adapters/kafka/event-log-reader.ts";
import { MysqlLogSink } from "../adapters/mysql/log-sink.ts";
import type { Config, Sink } from "../config.ts";
import type { LogSink } from "../ports/log-sink.ts";
import type { Logger } from "../ports/logger.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { WorkerLoop } from "../worker/worker-loop.ts";
import { kafkaSettings } from "./kafka-settings.ts";
import { preparedTopics } from "./prepared-topics.ts";
import { closedAtTheEnd, type Fail, type ProcessParts } from "./process-parts.ts";
import { elasticsearchSettings, mysqlSettings } from "./store-settings.ts";
import { toldCounts } from "./told-counts.ts";
import { waitingPart } from "./waiting-part.ts";

/** Workers: a loop and a consumer group for each store that the settings name. */
export function fullWorkers(config: Config, logger: Logger, fail: Fail): ProcessParts {
  const stores = config.sinks.map((sink) => workerOf(sink, config, logger, fail));
  return {
    parts: stores.flatMap((store) => store.parts),
    services: [],
    checks: stores.flatMap((store) => store.checks),
  };
}

function workerOf(sinkName: Sink, config: Config, logger: Logger, fail: Fail): ProcessParts {
  const topics = kafkaSettings(config);
  const sink = sinkOf(sinkName, config);
  const deadLetters = new KafkaDeadLetters({
    ...topics,
    topic: topics.deadLetters.name,
    partitions: topics.deadLetters.partitions,
  });
  const loop = new WorkerLoop({
    reader: readerOf(config, logger),
    group: `${config.kafka.topicPrefix}-${sinkName}`,
    sink,
    deadLetters,
    dropRules: config.dropRules,
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
    { name: `worker of ${sinkName}`, prepare, stop: () => loop.stop() },
    systemClock,
    logger,
    fail,
  );
  const check = async () => {
    await sink.check();
    if (!reading) throw new Error("it has not joined its consumer group yet");
  };
  return {
    parts: [
      toldCounts(sinkName, () => loop.totals, logger),
      closedAtTheEnd(`connections of ${sinkName}`, sink),
      closedAtTheEnd(`dead letters of ${sinkName}`, deadLetters),
      part,
    ],
    services: [],
    checks: [{ name: `worker of ${sinkName}`, services: [], check }],
  };
}

function readerOf(config: Config, logger: Logger): KafkaEventLogReader {
  const topics = kafkaSettings(config);
  const settings = {
    ...topics,
    topic: topics.batches.name,
    partitions: topics.batches.partitions,
    onLost: (group: string, partition: number, messages: bigint) =>
      logger.error(
        { group, partition, lost_by_log_retention: String(messages) },
        "messages were deleted by the log's retention before the store had them",
      ),
  };
  return new KafkaEventLogReader(settings, logger);
}

function sinkOf(sinkName: Sink, config: Config): LogSink {
  return sinkName === "elasticsearch"
    ? new ElasticsearchLogSink(elasticsearchSettings(config))
    : new MysqlLogSink(mysqlSettings(config));
}
