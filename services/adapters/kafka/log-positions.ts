import type { Admin } from "kafkajs";
import { LOG_CHECK_MS_MAX } from "../../domain/limits.ts";
import type { Logger } from "../../ports/logger.ts";
import type { KafkaReaderSettings } from "./event-log-reader.ts";
import { kafkaJsClient } from "./kafkajs-client.ts";
import { within } from "./within.ts";

/**
 * Where a group stands in each partition, so that a gap is seen: messages that the log's retention deleted before the
 * group had settled them. kafkajs would step over the gap with a line in its log.
 *
 * Seen are gaps at the moment a partition is taken over and between two deliveries. Not seen: a topic that was deleted
 * and made again under the same name, whose offsets begin anew.
 */
export class LogPositions {
  private readonly settings: KafkaReaderSettings;
  private readonly group: string;
  private readonly logger: Logger;
  private readonly admin: Admin;
  private readonly next = new Map<number, bigint>(); // By partition: the offset that comes next.
  private looked: Promise<void> = Promise.resolve();

  constructor(settings: KafkaReaderSettings, group: string, logger: Logger) {
    this.settings = settings;
    this.group = group;
    this.logger = logger;
    this.admin = kafkaJsClient(settings, logger).admin();
  }

  /**
   * Before the group is joined: where it stands now. A group whose position lies before the log's first message has it
   * reset by kafkajs at once, and then nobody can tell any more.
   */
  async connect(): Promise<void> {
    await this.admin.connect();
    for (const [partition, offset] of await this.committed()) this.next.set(partition, offset);
  }

  /** These partitions are ours from now on: looks where the group stands in them and where the log begins. */
  assigned(partitions: readonly number[]): void {
    const look = within(LOG_CHECK_MS_MAX, this.look(partitions), () => new Error("no answer"));
    this.looked = look.catch((err) => {
      this.logger.warn(
        { err, group: this.group },
        "could not look whether the log's retention has overtaken the group",
      );
    });
  }

  /** A delivery begins at that offset. Never rejects, and takes LOG_CHECK_MS_MAX at most. */
  async reached(partition: number, offset: bigint): Promise<void> {
    await this.looked;
    const expected = this.next.get(partition);
    if (expected !== undefined && offset > expected) {
      this.settings.onLost(this.group, partition, offset - expected);
      this.next.set(partition, offset);
    }
  }

  /** The group's position was moved. */
  moved(partition: number, next: bigint): void {
    this.next.set(partition, next);
  }

  async close(): Promise<void> {
    const closed = this.admin.disconnect();
    await within(LOG_CHECK_MS_MAX, closed, () => new Error("no answer")).catch(() => undefined); // Nothing depends on it.
  }

  private async look(partitions: readonly number[]): Promise<void> {
    const [committed, log] = await Promise.all([this.committed(), this.admin.fetchTopicOffsets(this.settings.topic)]);
    for (const { partition, low } of log.filter((one) => partitions.includes(one.partition))) {
      const start = BigInt(low);
      const next = committed.get(partition) ?? this.next.get(partition) ?? start;
      if (start > next) this.settings.onLost(this.group, partition, start - next);
      this.next.set(partition, start > next ? start : next);
    }
  }

  /** Of partitions that have a position; a reset or unset one is negative. */
  private async committed(): Promise<Map<number, bigint>> {
    const topics = await this.admin.fetchOffsets({ groupId: this.group, topics: [this.settings.topic] });
    const positions = topics.flatMap(({ partitions }) => partitions);
    return new Map(
      positions
        .map(({ partition, offset }) => [partition, BigInt(offset)] as const)
        .filter(([, offset]) => offset >= 0n),
    );
  }
}
