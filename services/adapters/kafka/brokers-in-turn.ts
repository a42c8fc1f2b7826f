import { Admin } from "@platformatic/kafka";
import { LOG_CHECK_MS_MAX } from "../../domain/limits.ts";
import { within } from "./within.ts";

/** How Kafka is reached. */
export interface KafkaConnection {
  /** host:port of some brokers; the others are learnt from them. */
  brokers: readonly string[];
  /** Our name in the brokers' logs and quotas. */
  clientId: string;
}

/**
 * Asks Kafka something, within LOG_CHECK_MS_MAX. Of several brokers each has its part of that time: one that hangs, or whose
 * machine is gone, must not stand for all. The one that answered is asked first the next time.
 *
 * The library has one order for ever, and not all of its questions go on to the next broker: so each turn has a client of
 * its own.
 */
export class BrokersInTurn {
  private readonly connection: KafkaConnection;
  private readonly attemptMsMax: number;
  private first = 0;
  private admin: Admin;

  /** Connects when it is first asked. */
  constructor(connection: KafkaConnection) {
    this.connection = connection;
    this.attemptMsMax = Math.floor(LOG_CHECK_MS_MAX / connection.brokers.length);
    this.admin = this.newAdmin();
  }

  /** @throws what the last broker, or the library, said to the question; it is asked once for each broker that is named. */
  async ask<Answer>(question: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      const { admin } = this;
      try {
        return await within(this.attemptMsMax, question(admin), () => new Error("no answer"));
      } catch (reason) {
        this.turnFrom(admin);
        if (tries >= this.connection.brokers.length) throw reason;
      }
    }
  }

  close(): Promise<void> {
    return this.admin.close();
  }

  /** Others may have asked the same client: the first of them turns. */
  private turnFrom(admin: Admin): void {
    if (this.admin !== admin || this.connection.brokers.length === 1) return;
    this.first++;
    this.admin = this.newAdmin();
    admin.close().catch(() => undefined); // It is what does not answer.
  }

  private newAdmin(): Admin {
    const { brokers, clientId } = this.connection;
    const bootstrapBrokers = brokers.map((_, index) => brokers[(this.first + index) % brokers.length]!);
    const msMax = this.attemptMsMax;
    return new Admin({ clientId, bootstrapBrokers, connectTimeout: msMax, requestTimeout: msMax, retries: 1 });
  }
}
