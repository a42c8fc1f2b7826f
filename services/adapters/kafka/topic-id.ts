import { BrokersInTurn, type KafkaConnection } from "./brokers-in-turn.ts";
import { logUnavailable } from "./errors.ts";

/** Asks for the id that Kafka gave a topic: one that was deleted and made again under its name has another. */
export class TopicId {
  private readonly kafka: BrokersInTurn;
  private readonly topic: string;

  /** Connects when it is first asked. */
  constructor(connection: KafkaConnection, topic: string) {
    this.topic = topic;
    this.kafka = new BrokersInTurn(connection);
  }

  /** @throws LogPulseError `log_unavailable`: no answer within LOG_CHECK_MS_MAX, or no such topic now. */
  async read(): Promise<string> {
    const asked = `say which topic ${this.topic} is`;
    try {
      const { topics } = await this.kafka.ask((admin) => admin.metadata({ topics: [this.topic], forceUpdate: true }));
      const id = topics.get(this.topic)?.id;
      if (id !== undefined) return id;
    } catch (reason) {
      throw logUnavailable(asked, reason);
    }
    throw logUnavailable(asked);
  }

  close(): Promise<void> {
    return this.kafka.close();
  }
}
