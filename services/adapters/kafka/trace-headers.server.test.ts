import { randomUUID } from "node:crypto";
import { Producer } from "@platformatic/kafka";
import { describe, expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../../../stack/wait.ts";
import { realServers } from "../../../tests/real-servers.ts";
import type { LogMessage } from "../../ports/event-log.ts";
import { KafkaEventLog } from "./event-log.ts";
import { KafkaEventLogReader } from "./event-log-reader.ts";
import { listeningLogger, newTopics, removeTopics } from "./topics.fixture.ts";

const servers = realServers();
const traceOf = (digit: string) => ({ traceparent: `00-${digit.repeat(32)}-${digit.repeat(16)}-01` });

describe.runIf(servers)("traces through Kafka", () => {
  it("go with their own message of a joined append; messages without any, and of others, are read as before", async () => {
    const topics = await newTopics(servers!.kafkaBrokers);
    onTestFinished(() => removeTopics(topics));
    const place = { ...topics, topic: topics.batches.name, partitions: 3 };
    const log = new KafkaEventLog(place);
    onTestFinished(() => log.close());
    const withState = { ...traceOf("b"), tracestate: "vendor=1" };
    await log.append(0, ["a", "b", "c", "d"].map(Buffer.from), [traceOf("a"), withState, undefined, traceOf("d")]);
    await log.append(0, [Buffer.from("e")]);
    await produceAsOthers(topics.brokers, place.topic);

    const found: LogMessage[] = [];
    const reader = new KafkaEventLogReader({ ...place, onLost: () => undefined }, listeningLogger());
    const reading = await reader.read(`group-${randomUUID()}`, async ({ messages }) => void found.push(...messages));
    onTestFinished(() => reading.stop());
    await waitUntil(() => found.length >= 6, 30_000);
    expect(found.map(({ bytes, trace }) => [Buffer.from(bytes).toString(), trace])).toEqual([
      ["a", traceOf("a")],
      ["b", withState],
      ["c", undefined],
      ["d", traceOf("d")],
      ["e", undefined],
      ["other", undefined],
    ]);
  });
});

/** A message with headers that are none of ours. */
async function produceAsOthers(brokers: readonly string[], topic: string): Promise<void> {
  const producer = new Producer({ clientId: "other", bootstrapBrokers: [...brokers] });
  const headers = new Map([[Buffer.from("traceparents"), Buffer.from("x")]]);
  await producer.send({ messages: [{ topic, partition: 0, value: Buffer.from("other"), headers }] });
  await producer.close();
}
