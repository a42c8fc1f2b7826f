import { setTimeout as sleep } from "node:timers/promises";
import { ProduceAcks, Producer } from "@platformatic/kafka";
import { APPEND_MS_MAX, APPEND_QUEUE_BYTES_MAX, LOG_CHECK_MS_MAX, PRODUCE_BYTES_MAX } from "../../domain/limits.ts";
import { BrokersInTurn, type KafkaConnection } from "./brokers-in-turn.ts";
import { invalidBatch, logUnavailable, refusalForEver } from "./errors.ts";
import { MergedSends } from "./merged-sends.ts";
import { within } from "./within.ts";

/** A message to produce. */
export interface MessageToSend {
  key?: Uint8Array;
  value: Uint8Array;
  headers?: Map<Buffer, Buffer> | undefined;
}

/** The same as the library takes it. */
interface MessageToProduce {
  topic: string;
  partition: number;
  key: Buffer | undefined;
  value: Buffer;
  headers: Map<Buffer, Buffer> | undefined;
}

const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 1_000;
const REQUESTS_IN_FLIGHT_MAX = 64; // Of one connection, so that partitions of one broker do not wait for each other.
const REQUEST_MS_MAX = 4_000; // A broker that hangs is given up early enough for a second one to answer in time.

/**
 * Sends messages, each call to one partition: all of it is kept, by all in-sync replicas, or none. Calls of the same turn
 * of the event loop share a produce request.
 *
 * Not in idempotent mode: a send that is repeated after a lost answer may stand in the topic twice, and whoever reads
 * settles each identity once. Connects with the first call, and again by itself after any break.
 */
export class KafkaProducer {
  private readonly producer: Producer;
  private readonly kafka: BrokersInTurn;
  private readonly brokerCount: number;
  private readonly merged: MergedSends<MessageToProduce>;
  private readonly underWay = new Set<Promise<void>>();
  private bytesHeld = 0;
  private closed = false;

  constructor(connection: KafkaConnection) {
    const { brokers, clientId } = connection;
    this.brokerCount = brokers.length;
    this.kafka = new BrokersInTurn(connection);
    this.producer = new Producer({
      clientId,
      bootstrapBrokers: [...brokers],
      acks: ProduceAcks.ALL,
      idempotent: false,
      autocreateTopics: false,
      maxInflights: REQUESTS_IN_FLIGHT_MAX,
      connectTimeout: 2_000,
      requestTimeout: REQUEST_MS_MAX,
      timeout: REQUEST_MS_MAX - 500,
      retries: 1, // More tries are made here, where their time is bounded.
      retryDelay: RETRY_MS_MIN,
      metadataMaxAge: 60_000, // A leader that moved is noticed by its refusal, not by age.
    });
    this.merged = new MergedSends(async (messages) => void (await this.producer.send({ messages })), PRODUCE_BYTES_MAX);
  }

  /**
   * Resolves once all messages are kept. The partition must exist.
   *
   * @throws LogPulseError `invalid_batch`: refused for ever, nothing kept.
   * @throws LogPulseError `log_unavailable`: not kept, or not known to be, within APPEND_MS_MAX; at once where earlier
   *   calls without an answer still hold APPEND_QUEUE_BYTES_MAX.
   */
  async send(topic: string, partition: number, messages: readonly MessageToSend[]): Promise<void> {
    const bytes = messages.reduce((sum, message) => sum + message.value.length, 0);
    if (this.closed) throw logUnavailable(`append to ${topic}: this process is closing it`);
    if (this.bytesHeld > 0 && this.bytesHeld + bytes > APPEND_QUEUE_BYTES_MAX) {
      throw logUnavailable(`take more: ${this.bytesHeld} bytes already wait for its answer`);
    }
    const sent = within(APPEND_MS_MAX, this.sendUntilLate(topic, partition, messages, bytes), () =>
      logUnavailable(`append to ${topic} within ${APPEND_MS_MAX} ms`),
    );
    this.underWay.add(sent);
    try {
      await sent;
    } finally {
      this.underWay.delete(sent);
    }
  }

  /** @throws LogPulseError `log_unavailable`: no answer about the topic within LOG_CHECK_MS_MAX. */
  async check(topic: string): Promise<void> {
    const asked = `say within ${LOG_CHECK_MS_MAX} ms that ${topic} is there`;
    try {
      // Not by the producer: an answer that is an error makes it forget who leads which partition.
      await this.kafka.ask((admin) => admin.metadata({ topics: [topic], forceUpdate: true }));
    } catch (reason) {
      throw logUnavailable(asked, reason);
    }
  }

  /** Waits for the calls under way, which are bounded in time, then disconnects. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.underWay);
    await Promise.all([this.producer.close(), this.kafka.close()]);
  }

  /** Holds the messages' bytes until the library has let go of them, which can be after the caller was told. */
  private async sendUntilLate(topic: string, partition: number, messages: readonly MessageToSend[], bytes: number) {
    const deadline = performance.now() + APPEND_MS_MAX;
    this.bytesHeld += bytes;
    try {
      for (let waitMs = RETRY_MS_MIN; ; waitMs = Math.min(2 * waitMs, RETRY_MS_MAX)) {
        const reason = await this.trySend(topic, partition, messages);
        if (reason === undefined) return;
        const refusal = refusalForEver(reason);
        if (refusal !== undefined) throw invalidBatch(topic, refusal, bytes, reason);
        await this.learnLeaders(topic);
        if (performance.now() + waitMs > deadline) throw logUnavailable(`append to ${topic}`, reason);
        await sleep(waitMs);
      }
    } finally {
      this.bytesHeld -= bytes;
    }
  }

  /**
   * A leader that hangs does not say that it leads no more, and of several brokers the library itself asks the first one
   * alone. Never rejects: the next try tells.
   */
  private async learnLeaders(topic: string): Promise<void> {
    if (this.brokerCount === 1) return;
    await this.producer
      .metadata({ topics: [topic], forceUpdate: true, retries: this.brokerCount - 1 })
      .catch(() => undefined);
  }

  /** Gives what went wrong, or undefined. */
  private async trySend(topic: string, partition: number, messages: readonly MessageToSend[]): Promise<unknown> {
    try {
      await this.merged.send(
        messages.map(({ key, value, headers }) => ({
          topic,
          partition,
          key: key && view(key),
          value: view(value),
          headers,
        })),
        messages.reduce((sum, { value }) => sum + value.length, 0),
      );
      return undefined;
    } catch (reason) {
      return reason ?? new Error("the library rejected without a reason");
    }
  }
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
