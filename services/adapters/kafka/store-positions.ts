import type { Admin } from "@platformatic/kafka";
import type { StorePositions } from "../../ports/store-positions.ts";
import { BrokersInTurn, type KafkaConnection } from "./brokers-in-turn.ts";
import { logUnavailable } from "./errors.ts";

/** Whose positions are asked for. */
export interface KafkaStorePositionsSettings extends KafkaConnection {
  topic: string;
  /** As many as the topic has. */
  partitions: number;
  /** The store's consumer group. */
  group: string;
}

/**
 * How far a store has come: the committed offsets of its consumer group, which are moved behind the store.
 *
 * Not by kafkajs: it takes 200 ms to find out who knows of a group, and a connection of its own each time.
 */
export class KafkaStorePositions implements StorePositions {
  private readonly settings: KafkaStorePositionsSettings;
  private readonly kafka: BrokersInTurn;
  /** Those who come while it is asked share the answer. */
  private asking: Promise<bigint[]> | undefined;

  /** Connects when it is first asked. */
  constructor(settings: KafkaStorePositionsSettings) {
    this.settings = settings;
    this.kafka = new BrokersInTurn(settings);
  }

  /** 0 where the group has no position, or one in a topic that is no more. Takes LOG_CHECK_MS_MAX at most. */
  async settled(signal: AbortSignal): Promise<bigint[]> {
    signal.throwIfAborted();
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([this.asking, stopped]); // The race handles the loser's rejection.
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  close(): Promise<void> {
    return this.kafka.close();
  }

  private async ask(): Promise<bigint[]> {
    const { topic, partitions, group } = this.settings;
    try {
      const [topicId, committed] = await this.kafka.ask((admin) =>
        Promise.all([this.topicId(admin), this.committed(admin)]),
      );
      const settled = new Array<bigint>(partitions).fill(0n);
      for (const { partitionIndex, committedOffset, metadata } of committed) {
        // A worker writes the topic's id beside the offset. Where there is no position, it is negative.
        const isOfThisTopic = !metadata || metadata === topicId;
        if (isOfThisTopic && committedOffset > 0n) settled[partitionIndex] = committedOffset;
      }
      return settled;
    } catch (reason) {
      throw logUnavailable(`say where ${group} stands in ${topic}`, reason);
    }
  }

  private async topicId(admin: Admin): Promise<string | undefined> {
    const { topic } = this.settings;
    return (await admin.metadata({ topics: [topic], forceUpdate: true })).topics.get(topic)?.id;
  }

  private async committed(admin: Admin) {
    const { topic, partitions, group } = this.settings;
    const partitionIndexes = Array.from({ length: partitions }, (_, partition) => partition);
    const groups = await admin.listConsumerGroupOffsets({
      groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }],
    });
    return groups.flatMap(({ topics }) => topics).flatMap(({ partitions: positions }) => positions);
  }
}
