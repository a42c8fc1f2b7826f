import { describe } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { eventLogContract } from "../../ports/event-log.contract.ts";
import { KafkaEventLog } from "./event-log.ts";
import { KafkaEventLogReader } from "./event-log-reader.ts";
import { listeningLogger, newTopics, removeTopics } from "./topics.fixture.ts";

const servers = realServers();

describe.runIf(servers)("on a real Kafka", () => {
  eventLogContract("kafka", async () => {
    const topics = await newTopics(servers!.kafkaBrokers);
    const settings = { ...topics, topic: topics.batches.name, partitions: topics.batches.partitions };
    const log = new KafkaEventLog(settings);
    const reader = new KafkaEventLogReader({ ...settings, onLost: () => undefined }, listeningLogger());
    const close = async () => {
      await log.close();
      await removeTopics(topics);
    };
    return { log, reader, close };
  });
});
