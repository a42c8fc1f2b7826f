import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, ITopicConfig } from "kafkajs";
import { BROKER_MESSAGE_BYTES_MAX, DEAD_LETTER_BYTES_MAX } from "../../domain/limits.ts";
import type { Logger } from "../../ports/logger.ts";
import type { KafkaConnection } from "./brokers-in-turn.ts";
import { isNotYetSeen, logUnavailable } from "./errors.ts";
import { kafkaJsClient } from "./kafkajs-client.ts";

/** One topic as it must be. */
export interface TopicSettings {
  name: string;
  /** Fixed for the topic's life: it decides in which partition a retry meets its first copy. */
  partitions: number;
}

/** The topics of one environment. */
export interface TopicsSettings extends KafkaConnection {
  batches: TopicSettings;
  deadLetters: TopicSettings;
  /** How long a batch stays in the log: the time that a store may be away without losing anything. */
  batchesRetentionMs: number;
  /** How long a dead letter stays in its topic. */
  deadLettersRetentionMs: number;
  /** How many brokers keep each message. */
  replicationFactor: number;
  /** How many of them must have it before a write is acknowledged; below the replication factor where one may fail. */
  minInsyncReplicas: number;
}

/** How long a new topic may take to be known everywhere, and how often that is asked. */
const SEEN_MS_MAX = 10_000;
const SEEN_MS_MIN = 100;

/**
 * Creates the topics that are missing. Several processes may do so at once. A topic that is there keeps its settings.
 *
 * @throws LogPulseError `log_unavailable`: Kafka does not answer, or cannot do it yet (too few brokers); try again.
 * @throws Error that names both counts where a topic has another number of partitions: nobody may start then.
 */
export async function prepareTopics(settings: TopicsSettings, logger: Logger): Promise<void> {
  const wanted = [settings.batches, settings.deadLetters];
  const admin = kafkaJsClient(settings, logger).admin();
  let found: Map<string, number>;
  try {
    await admin.connect();
    await createMissing(admin, [batchesTopic(settings), deadLettersTopic(settings)]);
    found = await partitionCounts(admin, wanted, performance.now() + SEEN_MS_MAX);
  } catch (reason) {
    throw logUnavailable(`prepare the topics ${wanted.map(({ name }) => name).join(" and ")}`, reason);
  } finally {
    await admin.disconnect().catch(() => undefined); // Its connection is broken then, which is what we want.
  }
  for (const { name, partitions } of wanted) refuseOtherCount(name, partitions, found.get(name));
}

function batchesTopic(settings: TopicsSettings): ITopicConfig {
  return topic(settings, settings.batches, {
    "cleanup.policy": "delete",
    "retention.ms": settings.batchesRetentionMs,
    "max.message.bytes": BROKER_MESSAGE_BYTES_MAX,
  });
}

/** Compacted, since a letter kept twice is one letter; and deleted in the end, since disks are. */
function deadLettersTopic(settings: TopicsSettings): ITopicConfig {
  return topic(settings, settings.deadLetters, {
    "cleanup.policy": "compact,delete",
    "retention.ms": settings.deadLettersRetentionMs,
    "max.message.bytes": DEAD_LETTER_BYTES_MAX,
  });
}

function topic(all: TopicsSettings, { name, partitions }: TopicSettings, config: Record<string, string | number>) {
  const entries = { ...config, "min.insync.replicas": all.minInsyncReplicas };
  return {
    topic: name,
    numPartitions: partitions,
    replicationFactor: all.replicationFactor,
    configEntries: Object.entries(entries).map(([key, value]) => ({ name: key, value: String(value) })),
  };
}

async function createMissing(admin: Admin, topics: readonly ITopicConfig[]): Promise<void> {
  const there = await admin.listTopics();
  for (const missing of topics.filter(({ topic }) => !there.includes(topic))) {
    await admin.createTopics({ topics: [missing], waitForLeaders: false }); // False where another process was faster.
  }
}

/** A topic just made is not at once known to every broker: asked again until `deadlineMs`. */
async function partitionCounts(
  admin: Admin,
  topics: readonly TopicSettings[],
  deadlineMs: number,
): Promise<Map<string, number>> {
  try {
    const metadata = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
    return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
  } catch (reason) {
    if (!isNotYetSeen(reason) || performance.now() > deadlineMs) throw reason;
    await sleep(SEEN_MS_MIN);
    return partitionCounts(admin, topics, deadlineMs);
  }
}

function refuseOtherCount(name: string, wanted: number, found: number | undefined): void {
  if (found === wanted) return;
  throw new Error(
    `cannot start: topic ${name} has ${found} partitions, the settings say ${wanted}; the count is fixed for the ` +
      "topic's life, so set the number it has, or name a new topic",
  );
}
