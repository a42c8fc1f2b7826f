import { ElasticsearchLogSink } from "../adapters/elasticsearch/log-sink.ts";
import { ElasticsearchRetention } from "../adapters/elasticsearch/retention.ts";
import { KafkaDeadLetters } from "../adapters/kafka/dead-letters.ts";
import { MysqlConnections } from "../adapters/mysql/connections.ts";
import { MysqlDeadLetterTable } from "../adapters/mysql/dead-letter-table.ts";
import { MysqlHourSums } from "../adapters/mysql/hour-sums.ts";
import { MysqlLogSink } from "../adapters/mysql/log-sink.ts";
import { MysqlRetention } from "../adapters/mysql/retention.ts";
import type { Config, Sink } from "../config.ts";
import type { DeadLetterTable } from "../ports/dead-letter-table.ts";
import type { HourSums } from "../ports/hour-sums.ts";
import type { LogSink } from "../ports/log-sink.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Retention } from "../ports/retention.ts";
import type { Traces } from "../ports/traces.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { HourSumsLoop } from "../worker/hour-sums-loop.ts";
import { RetentionLoop } from "../worker/retention-loop.ts";
import { WorkerLoop } from "../worker/worker-loop.ts";
import { daysKept } from "./days-kept.ts";
import { kafkaSettings, storeGroup, tracedTopic } from "./kafka-settings.ts";
import { LostMessages } from "./lost-messages.ts";
import { lagMetrics } from "./metrics/lag-metrics.ts";
import { STORE_TIMES } from "./metrics/metric-times.ts";
import { settledTimes } from "./metrics/settled-times.ts";
import { storeMetrics } from "./metrics/store-metrics.ts";
import { timedPort } from "./metrics/timed-port.ts";
import { preparedTopics } from "./prepared-topics.ts";
import { closedAtTheEnd, type Fail, type ProcessParts } from "./process-parts.ts";
import { storeLag } from "./store-lag.ts";
import { elasticsearchSettings, mysqlSettings } from "./store-settings.ts";
import { toldCounts } from "./told-counts.ts";
import { topicReader } from "./topic-reader.ts";
import { TracedSink } from "./tracing/traced-sink.ts";
import { waitingPart } from "./waiting-part.ts";

/** One store on its writing side: the loop that fills it, and the one that lets go of what is old. */
export function fullWorkerStore(
  sinkName: Sink,
  config: Config,
  logger: Logger,
  metrics: Metrics,
  fail: Fail,
  traces?: Traces,
): ProcessParts {
  const topics = kafkaSettings(config);
  const { sink, retention, table, hourSums, connections } = storeOf(sinkName, config);
  const { name, partitions } = topics.deadLetters;
  const deadLetters = new KafkaDeadLetters({ ...topics, topic: name, partitions });
  const lost = new LostMessages(logger);
  const retry = { clock: systemClock, random: Math.random, logger };
  const group = storeGroup(config, sinkName);
  const timedSink = timedPort(sink, ["store"], metrics.times(STORE_TIMES), { store: sinkName });
  const loop = new WorkerLoop({
    reader: topicReader(config, topics.batches, lost, logger),
    group,
    sink: traces ? new TracedSink(timedSink, traces, { ...tracedTopic(config), group }) : timedSink,
    deadLetters,
    dropRules: config.dropRules,
    onSettled: settledTimes(sinkName, metrics),
    ...retry,
  });
  const retentionLoop = new RetentionLoop({
    retention,
    table,
    days: daysKept(config),
    newestReceivedMs: () => loop.newestReceivedMs,
    ...retry,
  });
  const sumsLoop = hourSums && new HourSumsLoop({ hourSums, ...retry });
  const behind = storeLag(sinkName, config);
  metrics.add(
    ...lagMetrics(sinkName, behind.parts),
    ...storeMetrics(sinkName, () => ({
      worker: loop.totals,
      lost: lost.totals,
      retention: retentionLoop.totals,
    })),
  );
  let reading = false;
  const prepare = async (signal: AbortSignal) => {
    await preparedTopics(topics, logger);
    await loop.start(signal);
    retentionLoop.start();
    sumsLoop?.start();
    reading = true;
  };
  const stop = async () => {
    await sumsLoop?.stop();
    await retentionLoop.stop();
    await loop.stop();
  };
  const check = async () => {
    await sink.check();
    if (!reading) throw new Error("it has not joined its consumer group yet");
    lost.check();
  };
  return {
    parts: [
      toldCounts(sinkName, () => ({ ...loop.totals, ...lost.totals }), logger),
      toldCounts(`retention of ${sinkName}`, () => retentionLoop.totals, logger),
      ...(sumsLoop ? [toldCounts(`hours of ${sinkName}`, () => sumsLoop.totals, logger)] : []),
      closedAtTheEnd(`connections of ${sinkName}`, sink),
      closedAtTheEnd(`connections of the retention of ${sinkName}`, connections),
      closedAtTheEnd(`dead letters of ${sinkName}`, deadLetters),
      closedAtTheEnd(`positions of ${sinkName}`, behind),
      waitingPart({ name: `worker of ${sinkName}`, prepare, stop }, systemClock, logger, fail),
    ],
    services: [],
    checks: [{ name: `worker of ${sinkName}`, services: [], check }],
  };
}

interface WorkerStore {
  sink: LogSink;
  retention: Retention;
  /** Where this store holds it. */
  table: DeadLetterTable | undefined;
  /** Where this store has statistics. */
  hourSums: HourSums | undefined;
  /** Those of the retention, the table and the sums. */
  connections: { close(): Promise<void> };
}

function storeOf(sinkName: Sink, config: Config): WorkerStore {
  if (sinkName === "elasticsearch") {
    const settings = elasticsearchSettings(config);
    const retention = new ElasticsearchRetention(settings);
    return {
      sink: new ElasticsearchLogSink(settings),
      retention,
      table: undefined,
      hourSums: undefined,
      connections: retention,
    };
  }
  const settings = mysqlSettings(config);
  const connections = new MysqlConnections(settings);
  const retention = new MysqlRetention(connections);
  const table = new MysqlDeadLetterTable(connections, systemClock);
  const hourSums = new MysqlHourSums(connections, systemClock);
  return { sink: new MysqlLogSink(settings), retention, table, hourSums, connections };
}
