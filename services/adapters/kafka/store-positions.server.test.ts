import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../../../stack/wait.ts";
import { realServers } from "../../../tests/real-servers.ts";
import { LOG_CHECK_MS_MAX } from "../../domain/limits.ts";
import { KafkaEventLog } from "./event-log.ts";
import { KafkaEventLogReader } from "./event-log-reader.ts";
import { kafkaJsClient } from "./kafkajs-client.ts";
import { KafkaStorePositions } from "./store-positions.ts";
import { listeningLogger, newTopics, removeTopics } from "./topics.fixture.ts";
import type { TopicsSettings } from "./topics.ts";

const servers = realServers();
const { signal } = new AbortController();

describe.runIf(servers)("the positions of a store's consumer group", () => {
  let topics: TopicsSettings;
  let log: KafkaEventLog;
  let group: string;
  let positions: KafkaStorePositions;

  beforeEach(async () => {
    topics = await newTopics(servers!.kafkaBrokers);
    const topic = topics.batches.name;
    log = new KafkaEventLog({ ...topics, topic, partitions: 3 });
    group = `group-${randomUUID()}`;
    positions = new KafkaStorePositions({ ...topics, topic, partitions: 3, group });
  });
  afterEach(async () => {
    await Promise.all([log.close(), positions.close()]);
    await removeTopics(topics);
  });

  /** A store that settles whatever `mayPass` lets through. */
  const settle = async (mayPass: () => boolean = () => true) => {
    const settings = { ...topics, topic: topics.batches.name, partitions: 3, onLost: () => undefined };
    const reading = await new KafkaEventLogReader(settings, listeningLogger()).read(group, async () => {
      if (!mayPass()) throw new Error("the store is away");
    });
    onTestFinished(() => reading.stop());
    return reading;
  };
  const append = async (...counts: number[]) => {
    for (const [partition, count] of counts.entries()) {
      const batches = Array.from({ length: count }, (_, at) => Buffer.from(String(at)));
      if (count > 0) await log.append(partition, batches);
    }
  };
  const settledIs = (wanted: bigint[]) =>
    waitUntil(async () => String(await positions.settled(signal)) === String(wanted), 30_000);

  it("are 0 for a group that has none, and follow the store, not the log", async () => {
    await append(3, 0, 5);
    await settledIs([0n, 0n, 0n]); // A broker that was just started needs a while to know where groups stand.
    let isThere = true;
    await settle(() => isThere);
    await settledIs([3n, 0n, 5n]);
    isThere = false;
    await append(1, 1, 0);
    await sleep(1_500);
    expect(await positions.settled(signal)).toEqual([3n, 0n, 5n]);
    isThere = true;
    await settledIs([4n, 1n, 5n]);
  });

  it("are asked for once by all who ask at the same time", async () => {
    await append(2, 2, 2);
    await settle();
    await settledIs([2n, 2n, 2n]);
    const all = await Promise.all(Array.from({ length: 50 }, () => positions.settled(signal)));
    expect(new Set(all).size).toBe(1);
  });

  it("are 0 where they were committed for a topic that is no more", async () => {
    await append(0, 5, 5);
    const consumer = kafkaJsClient(topics, listeningLogger()).consumer({ groupId: group });
    onTestFinished(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topic: topics.batches.name, fromBeginning: true });
    const position = { topic: topics.batches.name, offset: "3" };
    const committed = [
      { ...position, partition: 1, metadata: "an id that no topic has" },
      { ...position, partition: 2 },
    ];
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async () => resolve(consumer.commitOffsets(committed));
      consumer.run({ autoCommit: false, eachMessage }).catch(reject);
    });
    expect(await positions.settled(signal)).toEqual([0n, 0n, 3n]);
  });

  it("are refused where nobody answers, in time, and to who gives up at once", async () => {
    const settings = { ...topics, brokers: ["127.0.0.1:1"], topic: topics.batches.name, partitions: 3, group };
    const nobody = new KafkaStorePositions(settings);
    onTestFinished(() => nobody.close());
    const startMs = performance.now();
    await expect(nobody.settled(signal)).rejects.toMatchObject({ kind: "log_unavailable" });
    expect(performance.now() - startMs).toBeLessThan(LOG_CHECK_MS_MAX + 1_000);
    const stop = new AbortController();
    const asked = nobody.settled(stop.signal);
    stop.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    await sleep(3_000); // Nothing that goes on after that may be an unhandled rejection.
  });
});
