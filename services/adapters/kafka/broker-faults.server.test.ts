import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { haveServers } from "../../../stack/have-servers.ts";
import { type RunningKafka, startKafka } from "../../../stack/kafka.ts";
import { waitUntil } from "../../../stack/wait.ts";
import { APPEND_MS_MAX, APPEND_QUEUE_BYTES_MAX, LOG_CHECK_MS_MAX } from "../../domain/limits.ts";
import type { Delivery } from "../../ports/event-log.ts";
import { KafkaEventLog } from "./event-log.ts";
import { KafkaEventLogReader } from "./event-log-reader.ts";
import { LEAVE_MS_MAX } from "./group-member.ts";
import { SESSION_MS_MAX } from "./membership.ts";
import { KafkaStorePositions } from "./store-positions.ts";
import { TopicId } from "./topic-id.ts";
import { listeningLogger, newTopics, readTopic } from "./topics.fixture.ts";
import type { TopicsSettings } from "./topics.ts";

const MiB = 1024 * 1024;

describe.runIf(haveServers("kafka"))("a broker that crashes, hangs or is not there", { timeout: 180_000 }, () => {
  let kafka: RunningKafka;
  let topics: TopicsSettings;
  beforeAll(async () => {
    kafka = await startKafka({ heapMiB: 256 });
  }, 120_000);
  afterAll(() => kafka?.remove());

  const open = async () => {
    topics = await newTopics([kafka.address]);
    const log = new KafkaEventLog({ ...topics, topic: topics.batches.name, partitions: 3 });
    onTestFinished(() => log.close());
    return log;
  };
  const read = async (settle: (delivery: Delivery) => Promise<void>) => {
    const settings = { ...topics, topic: topics.batches.name, partitions: 3, onLost: () => undefined };
    const reading = await new KafkaEventLogReader(settings, listeningLogger()).read(`group-${randomUUID()}`, settle);
    onTestFinished(() => reading.stop());
    return reading;
  };

  it("loses no append that resolved when it is killed twice under load, and the reader goes on by itself", async () => {
    const log = await open();
    const read_ = new Set<string>();
    await read(async ({ messages }) => {
      for (const { bytes } of messages) read_.add(Buffer.from(bytes).toString());
    });
    const resolved: string[] = [];
    let rejected = 0;
    let over = false;
    const appendUntilOver = async (writer: number) => {
      for (let at = 0; !over; at++) {
        const batch = `${writer}-${at}`;
        try {
          await log.append(writer % 3, [Buffer.from(batch)]);
          resolved.push(batch);
        } catch (reason) {
          expect(reason).toMatchObject({ kind: "log_unavailable" });
          rejected++;
        }
        await sleep(2);
      }
    };
    const writers = Promise.all(Array.from({ length: 30 }, (_, writer) => appendUntilOver(writer)));
    for (let round = 0; round < 2; round++) {
      await sleep(2_000);
      const before = resolved.length;
      await kafka.kill();
      await sleep(1_000);
      await kafka.restart();
      await waitUntil(() => resolved.length > before + 300, 60_000);
    }
    over = true;
    await writers;
    const kept = new Set((await readTopic(topics, topics.batches.name)).map(({ value }) => value.toString()));
    expect(resolved.filter((batch) => !kept.has(batch))).toEqual([]);
    await waitUntil(() => resolved.every((batch) => read_.has(batch)), 60_000);
    expect(resolved.filter((batch) => !read_.has(batch))).toEqual([]);
    console.log(`${resolved.length} appends resolved, ${rejected} rejected, ${kept.size} kept`);
  });

  it("does not stand for all where it is named first and hangs: questions, positions and appends go to another", async () => {
    const log = await open();
    await log.append(0, [Buffer.from("before")]);
    const brokers = [await silentBroker(), kafka.address];
    const topic = topics.batches.name;
    const second = new KafkaEventLog({ ...topics, brokers, topic, partitions: 3 });
    const topicId = new TopicId({ ...topics, brokers }, topic);
    const positions = new KafkaStorePositions({ ...topics, brokers, topic, partitions: 3, group: "nobody" });
    onTestFinished(async () => void (await Promise.all([second.close(), topicId.close(), positions.close()])));
    for (let look = 0; look < 3; look++) {
      await second.check();
      expect(await topicId.read()).toMatch(/./);
      expect(await positions.settled(new AbortController().signal)).toEqual([0n, 0n, 0n]);
    }
    await second.append(0, [Buffer.from("after")]);
  });

  it("is noticed within the bounds when it is not there, and memory stays bounded", async () => {
    const log = await open();
    await log.append(0, [Buffer.from("before")]);
    await kafka.kill();
    const startedAt = performance.now();
    const check = log.check().catch((error: unknown) => error);
    const appends = Array.from({ length: 200 }, (_, at) => log.append(at % 3, [Buffer.alloc(MiB)]));
    const reasons = appends.map((append) => append.catch((error: unknown) => error));
    expect(await check).toMatchObject({ kind: "log_unavailable" });
    expect(performance.now() - startedAt).toBeLessThan(LOG_CHECK_MS_MAX + 500);
    const refusedAtOnce = await Promise.race([Promise.all(reasons.slice(APPEND_QUEUE_BYTES_MAX / MiB)), sleep(500)]);
    expect(refusedAtOnce).toHaveLength(200 - APPEND_QUEUE_BYTES_MAX / MiB);
    for (const reason of await Promise.all(reasons)) expect(reason).toMatchObject({ kind: "log_unavailable" });
    expect(performance.now() - startedAt).toBeLessThan(APPEND_MS_MAX + 1_000);
    await kafka.restart();
    await waitUntil(async () => {
      await log.append(0, [Buffer.alloc(MiB)]);
      return true;
    }, 30_000);
    await log.check();
  });

  it("lets a close wait for appends that are under way", async () => {
    const log = await open();
    await log.append(0, [Buffer.from("first")]);
    kafka.pause();
    await sleep(100);
    const append = log.append(0, [Buffer.from("while it hangs")]);
    const closed = log.close();
    await sleep(500);
    kafka.resume();
    await Promise.all([append, closed]);
    const found = await readTopic(topics, topics.batches.name);
    expect(found.map(({ value }) => value.toString())).toContain("while it hangs");
  });

  it("that hangs holds up no stop of a reader that has something to commit", async () => {
    const log = await open();
    const begun = Promise.withResolvers<void>();
    const settled = Promise.withResolvers<void>();
    const reading = await read(async () => {
      begun.resolve();
      await settled.promise;
    });
    await log.append(0, [Buffer.from("settled, and not committed")]);
    await begun.promise;
    kafka.pause();
    onTestFinished(() => kafka.resume());
    settled.resolve();
    await sleep(100); // The commit is on its way.
    const startedAt = performance.now();
    await reading.stop();
    expect(performance.now() - startedAt).toBeLessThan(LEAVE_MS_MAX + 1_000);
  });

  it("that hangs takes an append no longer than its bound, and aborts deliveries after a session", async () => {
    const log = await open();
    const deliveries: Delivery[] = [];
    const abortedAfterMs: number[] = [];
    await read(async (delivery) => {
      deliveries.push(delivery);
      if (deliveries.length > 1) return;
      await new Promise((_, reject) => delivery.signal.addEventListener("abort", () => reject(delivery.signal.reason)));
    });
    await log.append(0, [Buffer.from("in hand")]);
    await waitUntil(() => deliveries.length === 1, 10_000);
    const startedAt = performance.now();
    deliveries[0]!.signal.addEventListener("abort", () => abortedAfterMs.push(performance.now() - startedAt));
    kafka.pause();
    await sleep(100); // Its many threads do not stop all at once.
    const reason = await log.append(1, [Buffer.from("to one that hangs")]).catch((error: unknown) => error);
    const tookMs = performance.now() - startedAt;
    await waitUntil(() => abortedAfterMs.length > 0, SESSION_MS_MAX * 2);
    kafka.resume();
    expect(reason).toMatchObject({ kind: "log_unavailable" });
    expect(tookMs).toBeLessThan(APPEND_MS_MAX + 1_000);
    expect(abortedAfterMs[0]).toBeLessThan(SESSION_MS_MAX + 5_000);
    await waitUntil(() => deliveries.some(({ partition }, at) => at > 0 && partition === 0), 60_000);
    expect(deliveries.filter(({ partition }) => partition === 0)[1]!.messages[0]!.offset).toBe(0n);
    await waitUntil(async () => {
      await log.append(2, [Buffer.from("again")]);
      return true;
    }, 30_000);
  });
});

/** Takes connections, and says nothing. */
async function silentBroker(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
