import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KafkaEventLog } from "../services/adapters/kafka/event-log.ts";
import { kafkaJsClient } from "../services/adapters/kafka/kafkajs-client.ts";
import { type Config, readConfig } from "../services/config.ts";
import { makeLogger } from "../services/runtime/logger.ts";
import { ProcessMetrics } from "../services/runtime/process-metrics.ts";
import { fullWorkerStore } from "../services/wiring/full-worker-store.ts";
import { kafkaSettings } from "../services/wiring/kafka-settings.ts";
import { eventually } from "./eventually.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("a log that was trimmed before a store had read it", () => {
  it("is counted, and the worker is not ready any more", { timeout: 120_000 }, async () => {
    const config = configOf(`t${randomBytes(5).toString("hex")}`);
    const topics = kafkaSettings(config);
    const log = new KafkaEventLog({ ...topics, topic: topics.batches.name, partitions: 1 });
    const texts = (count: number) => Array.from({ length: count }, (_, at) => Buffer.from(`no batch ${at}`));

    const first = await startWorker(config);
    await log.append(0, texts(3));
    await eventually(
      () => positionOf(config),
      (position) => position === 3n,
    );
    await first.check();
    await first.stop();

    await log.append(0, texts(10));
    await deleteBefore(config, "8");
    const second = await startWorker(config);
    await eventually(
      () => positionOf(config),
      (position) => position === 13n,
    );
    await expect(second.check()).rejects.toThrow("5 messages were deleted from the log before they were settled");
    await second.stop();
    await log.close();
  });
});

function configOf(unique: string): Config {
  return readConfig({
    LOGPULSE_MODE: "full",
    KAFKA_BROKERS: servers!.kafkaBrokers.join(","),
    KAFKA_PARTITIONS: "1",
    KAFKA_TOPIC_PREFIX: unique,
    ELASTICSEARCH_URL: servers!.elasticsearchUrl,
    ELASTICSEARCH_INDEX_PREFIX: `${unique}-records`,
  });
}

async function startWorker(config: Config) {
  const fail = (reason: Error) => {
    throw reason;
  };
  const log = makeLogger("silent");
  const { parts, checks } = fullWorkerStore("elasticsearch", config, log, new ProcessMetrics(log), fail);
  for (const part of parts) await part.start(new AbortController().signal);
  const check = () => checks[0]!.check();
  await eventually(check, () => true).catch((reason: unknown) => {
    if (!String(reason).includes("deleted")) throw reason; // What the test is about.
  });
  const stop = async () => {
    for (const part of parts.toReversed()) await part.stop();
  };
  return { check, stop };
}

async function positionOf(config: Config): Promise<bigint> {
  return withAdmin(config, async (admin) => {
    const topic = `${config.kafka.topicPrefix}-batches`;
    const found = await admin.fetchOffsets({ groupId: `${config.kafka.topicPrefix}-elasticsearch`, topics: [topic] });
    return BigInt(found[0]!.partitions[0]!.offset);
  });
}

async function deleteBefore(config: Config, offset: string): Promise<void> {
  await withAdmin(config, async (admin) => {
    const topic = `${config.kafka.topicPrefix}-batches`;
    await admin.fetchTopicOffsets(topic); // So that kafkajs knows the topic.
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  });
}

type Admin = ReturnType<ReturnType<typeof kafkaJsClient>["admin"]>;

async function withAdmin<Answer>(config: Config, work: (admin: Admin) => Promise<Answer>): Promise<Answer> {
  const admin = kafkaJsClient(kafkaSettings(config), makeLogger("silent")).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
