import { Consumer, FetchIsolationLevels, findErrorBy } from "@platformatic/kafka";
import { LOG_CHECK_MS_MAX, TAIL_FETCH_BYTES_MAX, TAIL_FETCH_WAIT_MS_MAX } from "../../domain/limits.ts";
import type { LogMessage } from "../../ports/event-log.ts";
import type { LogPoint } from "../../ports/event-log-follower.ts";
import type { KafkaConnection } from "./brokers-in-turn.ts";

/** Timestamps that mean a place, in the protocol's request for offsets. */
const EARLIEST = -2n;
const LATEST = -1n;

/** What one look gave. */
export interface Fetched {
  messages: LogMessage[];
  /** Behind everything that was looked at: messages, and marks of transactions that are none. */
  next: bigint;
}

/** Which topic it is now, and how many partitions it has. */
export interface TopicNow {
  id: string;
  partitions: number;
}

/**
 * One connection to each broker, for one request at a time: a broker answers those of a connection one after the other,
 * so a fetch that waits for messages would hold up the next. It belongs to no consumer group and moves no position.
 */
export class FetchLane {
  private readonly topic: string;
  private readonly consumer: Consumer;

  /** Connects with the first request. */
  constructor({ brokers, clientId }: KafkaConnection, topic: string) {
    this.topic = topic;
    this.consumer = new Consumer({
      clientId,
      bootstrapBrokers: [...brokers],
      groupId: `${clientId}-tail`, // The library wants one. It is never joined.
      autocommit: false,
      isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
      autocreateTopics: false,
      connectTimeout: LOG_CHECK_MS_MAX,
      requestTimeout: TAIL_FETCH_WAIT_MS_MAX + LOG_CHECK_MS_MAX,
      retries: 1, // A leader that moved is found by the second try. Further ones are the caller's.
      retryDelay: 100,
      metadataMaxAge: 60_000,
    });
    this.consumer.topics.track(topic);
  }

  /** Asks the brokers, never the library's memory. @throws the library's error. */
  async topicNow(): Promise<TopicNow> {
    const { topics } = await this.consumer.metadata({ topics: [this.topic], forceUpdate: true });
    const { id, partitionsCount } = topics.get(this.topic)!;
    return { id, partitions: partitionsCount };
  }

  /** By partition: the offset of the first message that is held. @throws the library's error. */
  starts(): Promise<bigint[]> {
    return this.offsetsAt(EARLIEST);
  }

  /** By partition: the offset that the next message will have. @throws the library's error. */
  ends(): Promise<bigint[]> {
    return this.offsetsAt(LATEST);
  }

  /** By partition: of the first message with that time, in milliseconds since 1970, or a later one; -1 for none. */
  async offsetsAt(timestamp: bigint): Promise<bigint[]> {
    const { READ_UNCOMMITTED } = FetchIsolationLevels;
    const offsets = await this.consumer.listOffsets({
      topics: [this.topic],
      timestamp,
      isolationLevel: READ_UNCOMMITTED,
    });
    return offsets.get(this.topic)!;
  }

  /**
   * Messages from that place on, together about TAIL_FETCH_BYTES_MAX; waits for one, up to `waitMs`, where there is none.
   * Undefined where the place lies before the log's first message or behind its end.
   *
   * @throws the library's error.
   */
  async fetch({ logId, partition, offset }: LogPoint, waitMs: number): Promise<Fetched | undefined> {
    const { topics } = await this.consumer.metadata({ topics: [this.topic] });
    const node = topics.get(this.topic)!.partitions[partition]!.leader;
    try {
      const { responses } = await this.consumer.fetch({
        node,
        topics: [{ topicId: logId, partitions: [wanted(partition, offset)] }],
        maxWaitTime: waitMs,
        minBytes: 1,
        maxBytes: TAIL_FETCH_BYTES_MAX,
        isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
      });
      return messagesOf(responses, partition, offset);
    } catch (reason) {
      if (reason instanceof Error && findErrorBy(reason, "apiId", "OFFSET_OUT_OF_RANGE")) return undefined;
      throw reason;
    }
  }

  /** What is under way fails. */
  async close(): Promise<void> {
    await this.consumer.close(true).catch(() => undefined); // Its connection is broken then, which is what we want.
  }
}

function wanted(partition: number, fetchOffset: bigint) {
  return {
    partition,
    fetchOffset,
    partitionMaxBytes: TAIL_FETCH_BYTES_MAX,
    currentLeaderEpoch: -1, // Not said: the broker that leads answers, whoever we thought it was.
    lastFetchedEpoch: -1,
  };
}

type Responses = Awaited<ReturnType<Consumer["fetch"]>>["responses"];
const CONTROL = 0x20; // Of a batch's attributes: it holds a mark of a transaction, and no message.

function messagesOf(responses: Responses, partition: number, from: bigint): Fetched {
  const batches = responses.flatMap(({ partitions }) => partitions).flatMap(({ records }) => records ?? []);
  const fetched: Fetched = { messages: [], next: from };
  for (const { firstOffset, lastOffsetDelta, attributes, records } of batches) {
    const behind = firstOffset + BigInt(lastOffsetDelta) + 1n;
    if (behind > fetched.next) fetched.next = behind;
    if ((attributes & CONTROL) !== 0) continue;
    for (const { offsetDelta, value } of records) {
      const offset = firstOffset + BigInt(offsetDelta);
      // Batches come whole: the first one may begin before the place that was asked for.
      if (offset >= from) fetched.messages.push({ partition, offset, bytes: value ?? new Uint8Array(0) });
    }
  }
  return fetched;
}
