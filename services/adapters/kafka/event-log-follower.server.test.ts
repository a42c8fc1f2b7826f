import { setTimeout as sleep } from "node:timers/promises";
import { CompressionAlgorithms, Producer } from "@platformatic/kafka";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitUntil } from "../../../stack/wait.ts";
import { realServers } from "../../../tests/real-servers.ts";
import type { LogMessage } from "../../ports/event-log.ts";
import { eventLogFollowerContract } from "../../ports/event-log-follower.contract.ts";
import { KafkaEventLog } from "./event-log.ts";
import { KafkaLogFollower } from "./event-log-follower.ts";
import { kafkaJsClient } from "./kafkajs-client.ts";
import { TopicId } from "./topic-id.ts";
import { listeningLogger, newTopics, removeTopics } from "./topics.fixture.ts";
import { prepareTopics, type TopicsSettings } from "./topics.ts";

const servers = realServers();
const never = new AbortController().signal;

async function deleteBefore(topics: TopicsSettings, partition: number, offset: bigint): Promise<void> {
  const admin = kafkaJsClient(topics, listeningLogger()).admin();
  await admin.connect();
  await admin.fetchTopicOffsets(topics.batches.name); // So that kafkajs knows the topic.
  await admin.deleteTopicRecords({ topic: topics.batches.name, partitions: [{ partition, offset: String(offset) }] });
  await admin.disconnect();
}

describe.runIf(servers)("on a real Kafka", () => {
  eventLogFollowerContract("kafka", async () => {
    const topics = await newTopics(servers!.kafkaBrokers);
    const settings = { ...topics, topic: topics.batches.name, partitions: topics.batches.partitions };
    const log = new KafkaEventLog(settings);
    const follower = new KafkaLogFollower(settings);
    const close = async () => {
      await follower.close();
      await log.close();
      await removeTopics(topics);
    };
    return { log, follower, trimTo: (partition, offset) => deleteBefore(topics, partition, offset), close };
  });
});

describe.runIf(servers)("KafkaLogFollower", () => {
  let topics: TopicsSettings;
  let topic: string;
  let log: KafkaEventLog;
  let follower: KafkaLogFollower;
  beforeEach(async () => {
    topics = await newTopics(servers!.kafkaBrokers);
    topic = topics.batches.name;
    log = new KafkaEventLog({ ...topics, topic, partitions: 3 });
    follower = new KafkaLogFollower({ ...topics, topic, partitions: 3 });
  });
  afterEach(async () => {
    await follower.close();
    await log.close();
    await removeTopics(topics);
  });

  const readAll = async (count: number, offset = 0n) => {
    const { logId } = await follower.extent(never);
    const found: LogMessage[] = [];
    for (let next = offset; found.length < count; next = found.at(-1)!.offset + 1n) {
      const more = await follower.read({ logId, partition: 0, offset: next }, 10_000, never);
      if (more.length === 0) expect.fail(`only ${found.length} of ${count} messages came`);
      found.push(...more);
    }
    return found;
  };

  it("reads what was compressed, however, from within a produce on", async () => {
    const producer = new Producer({ clientId: "test", bootstrapBrokers: [...topics.brokers] });
    const algorithms = [undefined, ...Object.values(CompressionAlgorithms)];
    for (const compression of algorithms) {
      const values = [0, 1, 2].map((at) => Buffer.from(`${compression} ${at} ${"x".repeat(1_000)}`));
      const messages = values.map((value) => ({ topic, partition: 0, value }));
      await producer.send({ messages, ...(compression && { compression }) });
    }
    await producer.close();
    const found = await readAll(3 * algorithms.length);
    const texts = found.map(({ bytes }) => Buffer.from(bytes).toString().slice(0, -1_001));
    expect(texts).toEqual(algorithms.flatMap((name) => [0, 1, 2].map((at) => `${name} ${at}`)));
    const { logId } = await follower.extent(never);
    for (let at = 0; at < found.length; at++) {
      const [first] = await follower.read({ logId, partition: 0, offset: BigInt(at) }, 0, never);
      expect(first).toEqual(found[at]);
    }
  });

  it("goes over the marks of transactions, and waits behind them", async () => {
    const producer = new Producer({
      clientId: "test",
      bootstrapBrokers: [...topics.brokers],
      idempotent: true,
      transactionalId: `${topic}-transaction`,
    });
    for (let round = 0; round < 2; round++) {
      const transaction = await producer.beginTransaction();
      await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from(`in transaction ${round}`) }] });
      await transaction.commit();
    }
    await producer.close();
    await log.append(0, [Buffer.from("after")]);
    expect((await readAll(3)).map(({ offset }) => offset)).toEqual([0n, 2n, 4n]);
    expect((await readAll(1, 3n)).map(({ offset }) => offset)).toEqual([4n]);
  });

  it("has the id that the worker's reading knows, and leaves no consumer group behind", async () => {
    const topicId = new TopicId(topics, topic);
    await log.append(0, [Buffer.from("x")]);
    await readAll(1);
    expect((await follower.extent(never)).logId).toBe(await topicId.read());
    await topicId.close();
    const admin = kafkaJsClient(topics, listeningLogger()).admin();
    await admin.connect();
    const { groups } = await admin.listGroups();
    await admin.disconnect();
    expect(groups.filter(({ groupId }) => groupId.includes("tail"))).toEqual([]);
  });

  it("does not take a topic that was made again under the name for the same log", async () => {
    await log.append(0, [Buffer.from("old")]);
    const before = await follower.extent(never);
    await readAll(1);
    await removeTopics(topics);
    await waitUntil(
      () =>
        follower.extent(never).then(
          () => false,
          (reason) => reason.kind === "log_unavailable",
        ),
      20_000,
    );
    await waitUntil(
      () =>
        prepareTopics(topics, listeningLogger()).then(
          () => true,
          () => false,
        ),
      20_000,
    );
    await waitUntil(async () => (await follower.extent(never)).logId !== before.logId, 20_000);
    await log.append(0, [Buffer.from("new 0"), Buffer.from("new 1"), Buffer.from("new 2")]);
    for (const offset of [0n, 1n, 9n]) {
      const from = { logId: before.logId, partition: 0, offset };
      await expect(follower.read(from, 500, never)).rejects.toMatchObject({ kind: "log_unavailable" });
    }
    expect((await readAll(3)).map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["new 0", "new 1", "new 2"]);
  });

  it("waits where it is behind the end, and comes with what is appended there", async () => {
    await log.append(0, [Buffer.from("0")]);
    const { logId } = await follower.extent(never);
    const next = follower.read({ logId, partition: 0, offset: 2n }, 20_000, never);
    await sleep(300);
    for (const value of ["1", "2"]) await log.append(0, [Buffer.from(value)]);
    expect((await next).map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["2"]);
  });
});
