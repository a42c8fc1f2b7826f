import { hostname } from "node:os";
import type { TopicsSettings } from "../adapters/kafka/topics.ts";
import type { Config } from "../config.ts";

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
