import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Producer } from "@platformatic/kafka";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../../../stack/wait.ts";
import { realServers } from "../../../tests/real-servers.ts";
import { BROKER_MESSAGE_BYTES_MAX, JOINED_BYTES_MAX } from "../../domain/limits.ts";
import type { Delivery, LogMessage } from "../../ports/event-log.ts";
import { KafkaEventLog } from "./event-log.ts";
import { KafkaEventLogReader } from "./event-log-reader.ts";
import { kafkaJsClient } from "./kafkajs-client.ts";
import { SESSION_MS_MAX } from "./membership.ts";
import { listeningLogger, newTopics, readTopic, removeTopics } from "./topics.fixture.ts";
import { prepareTopics, type TopicsSettings } from "./topics.ts";

const servers = realServers();

describe.runIf(servers)("a Kafka topic as the event log", () => {
  let topics: TopicsSettings;
  let topic: string;
  let log: KafkaEventLog;
  let logger: ReturnType<typeof listeningLogger>;
  const lost: string[] = [];
  const group = `group-${randomUUID()}`;

  beforeEach(async () => {
    topics = await newTopics(servers!.kafkaBrokers);
    topic = topics.batches.name;
    logger = listeningLogger();
    lost.length = 0;
    log = new KafkaEventLog({ ...topics, topic, partitions: 3 });
  });
  afterEach(async () => {
    await log.close();
    await removeTopics(topics);
  });

  const read = async (settle: (delivery: Delivery) => Promise<void>) => {
    const onLost = (ofGroup: string, partition: number, messages: bigint | undefined) =>
      void lost.push(`${ofGroup === group} ${partition}: ${messages ?? "unknown"}`);
    const reader = new KafkaEventLogReader({ ...topics, topic, partitions: 3, onLost }, logger);
    const reading = await reader.read(group, settle);
    onTestFinished(() => reading.stop());
    return reading;
  };
  const collect = async () => {
    const found: LogMessage[] = [];
    const reading = await read(async ({ messages }) => void found.push(...messages));
    return { found, reading };
  };
  const deleteBefore = async (offset: string) => {
    const admin = kafkaJsClient(topics, logger).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic); // So that kafkajs knows the topic.
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
    await admin.disconnect();
  };

  it("can be read by others: offset by offset, what was appended", async () => {
    const batches = Array.from({ length: 300 }, (_, at) => Buffer.concat([Buffer.from([at % 3]), randomBytes(at)]));
    await Promise.all(batches.map((batch) => log.append(batch[0]!, [batch])));
    const found = await readTopic(topics, topic);
    expect(found.map(({ value }) => value.toString("hex")).sort()).toEqual(
      batches.map((b) => b.toString("hex")).sort(),
    );
    expect(found.every(({ partition, value, key }) => value[0] === partition && key === null)).toBe(true);
  });

  it("refuses for ever, whole, what is too large for the topic, and keeps the next", async () => {
    const tooLarge = [randomBytes(JOINED_BYTES_MAX), randomBytes(BROKER_MESSAGE_BYTES_MAX)];
    const reason = await log.append(0, tooLarge).catch((error: unknown) => error);
    expect(reason).toMatchObject({ kind: "invalid_batch" });
    await log.append(0, [Buffer.from("next")]);
    expect((await readTopic(topics, topic)).map(({ value }) => value.toString())).toEqual(["next"]);
  });

  it("does not let the library choose another partition where there is none", async () => {
    const reason = await log.append(3, [Buffer.from("x")]).catch((error: unknown) => error);
    expect(reason).toMatchObject({ kind: "bug" });
  });

  it("reads compressed messages, and those without a value as empty", async () => {
    const producer = new Producer({ clientId: "test", bootstrapBrokers: [...topics.brokers] });
    const messages = Array.from({ length: 10 }, (_, at) => ({ topic, partition: 0, value: Buffer.from(`zstd ${at}`) }));
    await producer.send({ messages, compression: "zstd", acks: -1 });
    await producer.send({ messages: [{ topic, partition: 0, value: null as never }], acks: -1 });
    await producer.close();
    const { found } = await collect();
    await waitUntil(() => found.length === 11, 10_000);
    expect(found.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([
      ...messages.map(({ value }) => value.toString()),
      "",
    ]);
  });

  it("counts what retention deleted before the group had settled it", async () => {
    await log.append(
      0,
      Array.from({ length: 10 }, (_, at) => Buffer.from(String(at))),
    );
    await deleteBefore("2"); // Before the group existed: not its loss.
    const first = await collect();
    await waitUntil(() => first.found.length === 8, 10_000);
    await first.reading.stop();
    await log.append(
      0,
      Array.from({ length: 10 }, () => Buffer.from("later")),
    );
    await deleteBefore("15");
    const second = await collect();
    await waitUntil(() => second.found.length === 5, 10_000);
    expect([first.found.length, second.found.length, lost]).toEqual([8, 5, ["true 0: 5"]]);
  });

  it("keeps its membership while a delivery takes longer than a session", { timeout: 60_000 }, async () => {
    await log.append(0, [Buffer.from("slow")]);
    const aborted: boolean[] = [];
    await read(async ({ signal }) => {
      await sleep(SESSION_MS_MAX * 1.2);
      aborted.push(signal.aborted);
    });
    await waitUntil(() => aborted.length > 0, SESSION_MS_MAX * 3);
    await sleep(3_000);
    expect(aborted).toEqual([false]);
  });

  const makeAgain = async () => {
    await removeTopics(topics);
    await sleep(2_000);
    await waitUntil(async () => {
      await prepareTopics(topics, logger);
      return true;
    }, 20_000);
  };
  const appendTexts = (texts: string[]) =>
    log.append(
      0,
      texts.map((text) => Buffer.from(text)),
    );

  /** Leaves the group behind with a position in a topic that is no more. There is a message already. */
  const commitOfAnotherTopic = async (partition: number) => {
    const consumer = kafkaJsClient(topics, logger).consumer({ groupId: group });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const position = { topic, partition, offset: "3", metadata: "an id that no topic has" };
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async () => resolve(consumer.commitOffsets([position]));
      consumer.run({ autoCommit: false, eachMessage }).catch(reject);
    });
    await consumer.disconnect();
  };

  it("tells such a loss once, also where no message comes before it is started again", async () => {
    await appendTexts(["a"]);
    await commitOfAnotherTopic(1);
    const first = await collect();
    await waitUntil(() => first.found.length >= 1, 20_000);
    expect(lost).toEqual(["true 1: unknown"]);
    await sleep(1_000);
    await first.reading.stop();
    const second = await collect();
    await sleep(2_000);
    await second.reading.stop();
    expect(lost).toEqual(["true 1: unknown"]);
  });

  it("reads from the first message where the group's position belongs to another topic", async () => {
    await appendTexts([..."abcde"]);
    await commitOfAnotherTopic(0);
    const first = await collect();
    await waitUntil(() => first.found.length >= 5, 20_000);
    expect(first.found.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([..."abcde"]);
    expect(lost).toEqual(["true 0: unknown"]);
    await first.reading.stop();
    const second = await collect();
    await sleep(2_000);
    expect(second.found).toEqual([]); // What it has committed is of this topic.
  });

  it("notices a topic that is made again while it reads", { timeout: 90_000 }, async () => {
    const { found } = await collect();
    await appendTexts(["1", "2", "3"]);
    await waitUntil(() => found.length === 3, 10_000);
    await makeAgain();
    await waitUntil(async () => {
      await appendTexts([..."abcdefgh"]);
      return true;
    }, 20_000);
    const texts = () => found.slice(3).map(({ bytes }) => Buffer.from(bytes).toString());
    await waitUntil(() => new Set(texts()).size === 8, 60_000);
    expect(lost.toSorted()).toEqual(["true 0: unknown", "true 1: unknown", "true 2: unknown"]);
  });

  it("gives up where it is not let in, and leaves nothing running", async () => {
    const nobody = {
      ...topics,
      brokers: ["127.0.0.1:1"],
      topic,
      partitions: 3,
      joinMsMax: 3_000,
      onLost: () => undefined,
    };
    const reading = new KafkaEventLogReader(nobody, logger).read(group, async () => undefined);
    const reason = await reading.catch((error: unknown) => error);
    expect(reason).toMatchObject({ kind: "log_unavailable" });
    const linesBefore = logger.lines.length;
    await sleep(5_000);
    expect(logger.lines.length).toBe(linesBefore);
  });
});
