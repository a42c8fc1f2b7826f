import { hostname } from "node:os";
import type { KafkaLogSettings } from "../adapters/kafka/event-log.ts";
import type { TopicsSettings } from "../adapters/kafka/topics.ts";
import type { Config, Sink } from "../config.ts";
import type { TracedLog } from "./tracing/batch-spans.ts";

const DAY_MS = 86_400_000;

/** Kafka as the settings have it: one topic of batches, one of dead letters. */
export function kafkaSettings({ kafka, logDays, deadLetterDays }: Config): TopicsSettings {
  return {
    brokers: kafka.brokers,
    clientId: `logpulse-${hostname()}-${process.pid}`,
    batches: { name: `${kafka.topicPrefix}-batches`, partitions: kafka.partitions },
    deadLetters: { name: `${kafka.topicPrefix}-dead-letters`, partitions: 1 },
    batchesRetentionMs: logDays * DAY_MS,
    deadLettersRetentionMs: deadLetterDays * DAY_MS,
    replicationFactor: kafka.replicationFactor,
    // One broker may be away where there are three; an acknowledgement then still means two copies.
    minInsyncReplicas: Math.max(1, kafka.replicationFactor - 1),
  };
}

/** The topic of batches as the event log. */
export function eventLogSettings(config: Config): KafkaLogSettings {
  const topics = kafkaSettings(config);
  return { ...topics, topic: topics.batches.name, partitions: topics.batches.partitions };
}

/** The same, as spans name it. */
export function tracedTopic(config: Config): TracedLog {
  return { system: "kafka", destination: kafkaSettings(config).batches.name };
}

/** The consumer group of a store: its position in the log is the store's. */
export function storeGroup({ kafka }: Config, sink: Sink): string {
  return `${kafka.topicPrefix}-${sink}`;
}
