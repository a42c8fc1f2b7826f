import { LogPulseError } from "../../domain/errors.ts";
import type { TraceHeaders } from "../../domain/trace-headers.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { KafkaConnection } from "./brokers-in-turn.ts";
import { KafkaProducer } from "./producer.ts";
import { headersWithTrace } from "./trace-headers.ts";

/** Where the batches are. */
export interface KafkaLogSettings extends KafkaConnection {
  topic: string;
  /** As many as the topic has: `prepareTopics` sees to that. */
  partitions: number;
}

/**
 * The event log as a Kafka topic: one message is one batch. Messages have no key: the partition is computed by us and
 * said with each message, the topic is never compacted, and a key would have to be read out of the encoded batch.
 */
export class KafkaEventLog implements EventLog {
  readonly partitions: number;
  private readonly topic: string;
  private readonly producer: KafkaProducer;

  constructor(settings: KafkaLogSettings) {
    this.partitions = settings.partitions;
    this.topic = settings.topic;
    this.producer = new KafkaProducer(settings);
  }

  async append(
    partition: number,
    batches: readonly Uint8Array[],
    traces?: readonly (TraceHeaders | undefined)[],
  ): Promise<void> {
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.partitions) {
      // The library would quietly take it modulo the count.
      throw new LogPulseError("bug", `there is no partition ${partition} of ${this.partitions}`);
    }
    if (batches.length === 0) return;
    await this.producer.send(
      this.topic,
      partition,
      batches.map((value, index) => ({ value, headers: headersWithTrace(traces?.[index]) })),
    );
  }

  check(): Promise<void> {
    return this.producer.check(this.topic);
  }

  close(): Promise<void> {
    return this.producer.close();
  }
}
