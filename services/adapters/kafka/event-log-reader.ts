import { LOG_JOIN_MS_MAX } from "../../domain/limits.ts";
import type { Delivery, EventLogReader, Reading } from "../../ports/event-log.ts";
import type { Logger } from "../../ports/logger.ts";
import type { KafkaConnection } from "./brokers-in-turn.ts";
import { logUnavailable } from "./errors.ts";
import { GroupMember } from "./group-member.ts";
import { within } from "./within.ts";

/** What is read, and who wants to know of trouble. */
export interface KafkaReaderSettings extends KafkaConnection {
  topic: string;
  /** As many as the topic has: so many deliveries are settled side by side. */
  partitions: number;
  /** True where the topic is compacted: then offsets are missing in the middle, and nothing is lost by that. */
  compacted?: boolean;
  /** How long a reader may wait to be let into its group; LOG_JOIN_MS_MAX where it is not said. */
  joinMsMax?: number;
  /**
   * Called where messages were deleted before the group had settled them: by the log's retention, or with the whole
   * topic, which was then made again. `messages`: undefined where nobody knows how many.
   */
  onLost(group: string, partition: number, messages: bigint | undefined): void;
}

/**
 * Reads the topic as members of Kafka consumer groups.
 *
 * All partitions that one broker leads are fetched together, and again when all their deliveries are settled: a delivery
 * that takes long holds up its neighbours' next ones. Stores are slow for all partitions alike, so this is let be.
 */
export class KafkaEventLogReader implements EventLogReader {
  private readonly settings: KafkaReaderSettings;
  private readonly logger: Logger;

  constructor(settings: KafkaReaderSettings, logger: Logger) {
    this.settings = settings;
    this.logger = logger;
  }

  async read(group: string, settle: (delivery: Delivery) => Promise<void>): Promise<Reading> {
    const { topic, joinMsMax = LOG_JOIN_MS_MAX } = this.settings;
    const member = new GroupMember(this.settings, group, settle, this.logger);
    try {
      await within(joinMsMax, member.joined, () => logUnavailable(`let ${group} read ${topic} within ${joinMsMax} ms`));
    } catch (reason) {
      await member.stop();
      throw reason;
    }
    return { stop: () => member.stop() };
  }
}
