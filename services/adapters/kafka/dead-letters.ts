import { crc32 } from "node:zlib";
import { toBinary } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { deadLetterKey } from "../../domain/dead-letter-key.ts";
import { JOINED_BATCHES_MAX, JOINED_BYTES_MAX } from "../../domain/limits.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { KafkaConnection } from "./brokers-in-turn.ts";
import { logUnavailable } from "./errors.ts";
import { KafkaProducer, type MessageToSend } from "./producer.ts";

/** Where the dead letters are. */
export interface KafkaDeadLettersSettings extends KafkaConnection {
  topic: string;
  /** As many as the topic has. */
  partitions: number;
}

/** The dead letters as a compacted Kafka topic: a letter kept twice is two messages of one key, which is one letter. */
export class KafkaDeadLetters implements DeadLetters {
  private readonly settings: KafkaDeadLettersSettings;
  private readonly producer: KafkaProducer;

  constructor(settings: KafkaDeadLettersSettings) {
    this.settings = settings;
    this.producer = new KafkaProducer(settings);
  }

  async keep(letters: readonly DeadLetter[]): Promise<void> {
    for (const [partition, messages] of this.byPartition(letters)) {
      for (const together of joined(messages)) await this.send(partition, together);
    }
  }

  /** Lets what is under way end, then frees connections. */
  close(): Promise<void> {
    return this.producer.close();
  }

  private async send(partition: number, messages: MessageToSend[]): Promise<void> {
    const { topic } = this.settings;
    try {
      await this.producer.send(topic, partition, messages);
    } catch (reason) {
      // Also where the broker calls a letter too large: the topic's setting can be raised, the letter must not be lost.
      throw logUnavailable(`keep ${messages.length} dead letters in ${topic}`, reason);
    }
  }

  private byPartition(letters: readonly DeadLetter[]): Map<number, MessageToSend[]> {
    const messages = new Map<number, MessageToSend[]>();
    for (const letter of letters) {
      const key = Buffer.from(deadLetterKey(letter));
      const partition = crc32(key) % this.settings.partitions; // The same letter again: the same partition, for compaction.
      const those = messages.get(partition) ?? [];
      those.push({ key, value: toBinary(DeadLetterSchema, letter) });
      messages.set(partition, those);
    }
    return messages;
  }
}

/** Cut into produce requests of a bounded size; a larger letter goes alone. */
function* joined(messages: readonly MessageToSend[]): Generator<MessageToSend[]> {
  let together: MessageToSend[] = [];
  let bytes = 0;
  for (const message of messages) {
    const full = together.length === JOINED_BATCHES_MAX || bytes + message.value.length > JOINED_BYTES_MAX;
    if (full && together.length > 0) {
      yield together;
      together = [];
      bytes = 0;
    }
    together.push(message);
    bytes += message.value.length;
  }
  if (together.length > 0) yield together;
}
