import { Admin } from "@platformatic/kafka";
import { LOG_CHECK_MS_MAX } from "../../domain/limits.ts";
import { logUnavailable } from "./errors.ts";
import type { KafkaConnection } from "./producer.ts";
import { within } from "./within.ts";

/** Asks for the id that Kafka gave a topic: one that was deleted and made again under its name has another. */
export class TopicId {
  private readonly admin: Admin;
  private readonly topic: string;

  /** Connects when it is first asked. */
  constructor({ brokers, clientId }: KafkaConnection, topic: string) {
    this.topic = topic;
    this.admin = new Admin({ clientId, bootstrapBrokers: [...brokers], connectTimeout: LOG_CHECK_MS_MAX, retries: 1 });
  }

  /** @throws LogPulseError `log_unavailable`: no answer within LOG_CHECK_MS_MAX, or no such topic now. */
  async read(): Promise<string> {
    const asked = `say which topic ${this.topic} is`;
    try {
      const answer = this.admin.metadata({ topics: [this.topic], forceUpdate: true });
      const { topics } = await within(LOG_CHECK_MS_MAX, answer, () => new Error("no answer"));
      const id = topics.get(this.topic)?.id;
      if (id !== undefined) return id;
    } catch (reason) {
      throw logUnavailable(asked, reason);
    }
    throw logUnavailable(asked);
  }

  close(): Promise<void> {
    return this.admin.close();
  }
}
