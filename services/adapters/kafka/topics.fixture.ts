import { randomUUID } from "node:crypto";
import type { Logger } from "../../ports/logger.ts";
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
