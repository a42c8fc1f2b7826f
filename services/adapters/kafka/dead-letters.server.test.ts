import { create, fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { realServers } from "../../../tests/real-servers.ts";
import { BROKER_MESSAGE_BYTES_MAX } from "../../domain/limits.ts";
import { deadLettersContract } from "../../ports/dead-letters.contract.ts";
import { KafkaDeadLetters } from "./dead-letters.ts";
import { newTopics, readTopic, removeTopics } from "./topics.fixture.ts";
import type { TopicsSettings } from "./topics.ts";

const servers = realServers();

describe.runIf(servers)("on a real Kafka", () => {
  deadLettersContract("kafka", async () => {
    const topics = await newTopics(servers!.kafkaBrokers);
    const deadLetters = new KafkaDeadLetters({ ...topics, ...ofDeadLetters(topics) });
    const kept = async () => {
      const messages = await readTopic(topics, topics.deadLetters.name);
      const last = new Map(messages.map(({ key, value }) => [key!.toString(), value])); // What compaction leaves.
      return [...last.values()].map((value) => ({ ...fromBinary(DeadLetterSchema, value) }));
    };
    const close = async () => {
      await deadLetters.close();
      await removeTopics(topics);
    };
    return { deadLetters, kept, close };
  });

  it("keeps a whole message of the log, however large the broker took it", async () => {
    const topics = await newTopics(servers!.kafkaBrokers);
    const deadLetters = new KafkaDeadLetters({ ...topics, ...ofDeadLetters(topics) });
    const original = new Uint8Array(BROKER_MESSAGE_BYTES_MAX);
    await deadLetters.keep([create(DeadLetterSchema, { store: "worker", reason: "undecodable", original })]);
    const [found] = await readTopic(topics, topics.deadLetters.name);
    expect(fromBinary(DeadLetterSchema, found!.value).original).toHaveLength(BROKER_MESSAGE_BYTES_MAX);
    await deadLetters.close();
    await removeTopics(topics);
  });

  it("refuses when it is closed", async () => {
    const deadLetters = new KafkaDeadLetters({
      brokers: servers!.kafkaBrokers,
      clientId: "test",
      topic: "none",
      partitions: 1,
    });
    await deadLetters.close();
    const letter = fromBinary(DeadLetterSchema, new Uint8Array(0));
    const reason = await deadLetters.keep([letter]).catch((error: unknown) => error);
    expect(reason).toMatchObject({ kind: "log_unavailable" });
  });
});

function ofDeadLetters(topics: TopicsSettings) {
  return { topic: topics.deadLetters.name, partitions: topics.deadLetters.partitions };
}
