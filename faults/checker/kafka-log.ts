import { Admin, Consumer } from "@platformatic/kafka";
import type { TopicMessage } from "./join-topic.ts";

const FETCH_BYTES_MAX = 16 * 1024 * 1024;
const FETCH_WAIT_MS_MAX = 100;
const LATEST = -1n; // Kafka's word for "the end" in a request for offsets.
const EARLIEST = -2n;

/** Where a consumer group stands in one partition. */
export interface GroupPosition {
  partition: number;
  /** The offset that it committed; 0 where it committed none. */
  committed: bigint;
  /** The offset that the next message will get. */
  end: bigint;
}

/** Reads Kafka's topics and offsets directly, as nobody's group, with the library that the workers do not read with. */
export class KafkaLog {
  private readonly admin: Admin;
  private readonly consumer: Consumer;

  constructor(brokers: readonly string[]) {
    const connection = { clientId: "faults-checker", bootstrapBrokers: [...brokers], retries: 5, retryDelay: 500 };
    this.admin = new Admin(connection);
    this.consumer = new Consumer({ ...connection, groupId: "faults-checker" }); // It never joins: fetch takes no group.
  }

  /** Every message from the first to the last that is there at the beginning, partition after partition. */
  async *messages(topic: string): AsyncGenerator<TopicMessage> {
    const [starts, ends] = [await this.offsets(topic, EARLIEST), await this.offsets(topic, LATEST)];
    for (const [partition, end] of ends) {
      let next = starts.get(partition) ?? 0n;
      while (next < end) {
        const before = next;
        for (const { offset, value } of await this.fetch(topic, partition, next)) {
          next = offset + 1n;
          yield { partition, offset: String(offset), value };
        }
        if (next === before) break; // Compaction has taken what stood last.
      }
    }
  }

  /** Where a group stands in each partition of a topic. */
  async positions(topic: string, groupId: string): Promise<GroupPosition[]> {
    const ends = await this.offsets(topic, LATEST);
    const [group] = await this.admin.listConsumerGroupOffsets({ groups: [groupId] });
    const partitions = group?.topics.find(({ name }) => name === topic)?.partitions ?? [];
    const committed = new Map(
      partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]),
    );
    return [...ends].map(([partition, end]) => {
      const offset = committed.get(partition) ?? 0n;
      return { partition, committed: offset < 0n ? 0n : offset, end };
    });
  }

  async close(): Promise<void> {
    await this.consumer.close(true);
    await this.admin.close();
  }

  /** By partition. */
  private async offsets(topic: string, timestamp: bigint): Promise<Map<number, bigint>> {
    const { partitionsCount } = await this.topic(topic);
    const partitions = Array.from({ length: partitionsCount }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
    const [listed] = await this.admin.listOffsets({ topics: [{ name: topic, partitions }] });
    const found = listed!.partitions.map(({ partitionIndex, offset }): [number, bigint] => [partitionIndex, offset]);
    return new Map(found.sort(([a], [b]) => a - b));
  }

  private async fetch(
    topic: string,
    partition: number,
    from: bigint,
  ): Promise<{ offset: bigint; value: Uint8Array }[]> {
    const { id: topicId, partitions } = await this.topic(topic);
    this.consumer.topics.track(topic);
    const answer = await this.consumer.fetch({
      node: partitions[partition]!.leader,
      maxWaitTime: FETCH_WAIT_MS_MAX,
      minBytes: 1,
      maxBytes: FETCH_BYTES_MAX,
      topics: [
        {
          topicId,
          partitions: [
            {
              partition,
              fetchOffset: from,
              partitionMaxBytes: FETCH_BYTES_MAX,
              currentLeaderEpoch: -1,
              lastFetchedEpoch: -1,
            },
          ],
        },
      ],
    });
    const batches = answer.responses.flatMap((response) => response.partitions.flatMap(({ records }) => records ?? []));
    return batches
      .flatMap(({ firstOffset, records }) =>
        records.map(({ offsetDelta, value }) => ({
          offset: firstOffset + BigInt(offsetDelta),
          value: value ?? new Uint8Array(0),
        })),
      )
      .filter(({ offset }) => offset >= from); // A fetch begins with the produce that the offset lies in.
  }

  private async topic(name: string) {
    const found = (await this.admin.metadata({ topics: [name] })).topics.get(name);
    if (!found) throw new Error(`there is no topic ${name}`);
    return found;
  }
}
