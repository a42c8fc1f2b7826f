import { randomUUID } from "node:crypto";
import type { EachMessagePayload } from "kafkajs";
import type { Logger } from "../../ports/logger.ts";
import type { KafkaConnection } from "./brokers-in-turn.ts";
import { kafkaJsClient } from "./kafkajs-client.ts";
import { prepareTopics, type TopicsSettings } from "./topics.ts";

/** Says nothing, but keeps what it was told. */
export function listeningLogger(): Logger & { lines: string[] } {
  const lines: string[] = [];
  const note = (_facts: object, message: string) => void lines.push(message);
  return { lines, debug: note, info: note, warn: note, error: note };
}

/** Settings for topics under names of their own. */
export function newTopicsSettings(brokers: readonly string[]): TopicsSettings {
  const name = `test-${randomUUID()}`;
  return {
    brokers,
    clientId: "logpulse-test",
    batches: { name: `${name}-batches`, partitions: 3 },
    deadLetters: { name: `${name}-dead-letters`, partitions: 2 },
    batchesRetentionMs: 3 * 86_400_000,
    deadLettersRetentionMs: 30 * 86_400_000,
    replicationFactor: 1,
    minInsyncReplicas: 1,
  };
}

/** Topics that exist. */
export async function newTopics(brokers: readonly string[]): Promise<TopicsSettings> {
  const settings = newTopicsSettings(brokers);
  await prepareTopics(settings, listeningLogger());
  return settings;
}

/** Deletes the topics. */
export async function removeTopics(settings: TopicsSettings): Promise<void> {
  const admin = kafkaJsClient(settings, listeningLogger()).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [settings.batches.name, settings.deadLetters.name] });
  await admin.disconnect();
}

/** A message as it stands in a topic. */
export interface FoundMessage {
  partition: number;
  offset: bigint;
  key: Buffer | null;
  value: Buffer;
}

/** Everything in a topic, with offsets, by a consumer that has nothing to do with ours. */
export async function readTopic(connection: KafkaConnection, topic: string): Promise<FoundMessage[]> {
  const kafka = kafkaJsClient(connection, listeningLogger());
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const missing = new Map(ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, high]));
  const found: FoundMessage[] = [];
  if (missing.size === 0) return found;
  const consumer = kafka.consumer({ groupId: `test-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    const eachMessage = async ({ partition, message }: EachMessagePayload) => {
      const offset = BigInt(message.offset);
      found.push({ partition, offset, key: message.key, value: message.value ?? Buffer.alloc(0) });
      if (String(offset + 1n) === missing.get(partition)) missing.delete(partition);
      if (missing.size === 0) resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return found;
}
