import type { Admin } from "kafkajs";
import { LOG_CHECK_MS_MAX } from "../../domain/limits.ts";
import type { Logger } from "../../ports/logger.ts";
import type { KafkaReaderSettings } from "./event-log-reader.ts";
import { kafkaJsClient } from "./kafkajs-client.ts";
import { within } from "./within.ts";

/** A group's position in a partition. */
interface Position {
  offset: bigint;
  /** The id of the topic that it was committed for; empty where whoever committed it did not say. */
  topicId: string;
}

/** By partition: the group's positions, where it has one, and the first offset that the log still has. */
interface Standing {
  committed: Map<number, bigint>;
  starts: Map<number, bigint>;
}

/**
 * Where a group stands in each partition, so that a gap is seen: messages that the log's retention deleted before the
 * group had settled them. kafkajs would step over the gap with a line in its log.
 *
 * Seen are gaps at the moment a partition is taken over and between two deliveries, and positions in a topic that was
 * deleted and made again under the same name: each commit carries the topic's id.
 */
export class LogPositions {
  private readonly settings: KafkaReaderSettings;
  private readonly group: string;
  private readonly logger: Logger;
  /** The id of the topic that is read. */
  readonly topicId: string;
  private readonly next = new Map<number, bigint>(); // By partition: the offset that comes next.
  /** By partition whose position was committed for another topic: that one's id. */
  private readonly ofOtherTopic = new Map<number, string>();
  private readonly topicsGone: Set<string>;
  private ours: readonly number[] = [];
  private looked: Promise<void> = Promise.resolve();

  /** `topicsGone`: ids of topics whose end is told already; changed here. */
  constructor(settings: KafkaReaderSettings, group: string, topicId: string, topicsGone: Set<string>, logger: Logger) {
    this.settings = settings;
    this.group = group;
    this.topicId = topicId;
    this.topicsGone = topicsGone;
    this.logger = logger;
  }

  /**
   * Before the group is joined: where it stands now. A group whose position lies before the log's first message has it
   * reset by kafkajs at once, and then nobody can tell any more.
   */
  async begin(): Promise<void> {
    for (const [partition, position] of await this.withAdmin((admin) => this.positions(admin))) {
      if (this.isOfOtherTopic(position)) this.ofOtherTopic.set(partition, position.topicId);
      else this.next.set(partition, position.offset);
    }
  }

  /**
   * Of the partitions that are ours from now on, those to be read from the log's first message: their positions belong
   * to a topic that is no more. What that still had for the group is lost, and nobody knows how much it was. Looked at
   * once: the others' owners do the same, and what they commit is of the new topic.
   */
  toRestart(partitions: readonly number[]): number[] {
    const restarted = partitions.filter((partition) => this.ofOtherTopic.has(partition));
    for (const partition of restarted) {
      this.next.set(partition, 0n);
      if (!this.topicsGone.has(this.ofOtherTopic.get(partition)!)) {
        this.settings.onLost(this.group, partition, undefined);
      }
    }
    this.ofOtherTopic.clear();
    return restarted;
  }

  /** These partitions are ours from now on: looks where the group stands in them and where the log begins. */
  assigned(partitions: readonly number[]): void {
    this.ours = partitions;
    const before = new Map(this.next);
    const looked = within(LOG_CHECK_MS_MAX, this.look(), () => new Error("no answer")).then(
      (standing) => {
        if (this.looked !== looked) return; // Given out anew meanwhile, and looked at again.
        // What moved since the look began is known better than the look does.
        const unmoved = partitions.filter((partition) => this.next.get(partition) === before.get(partition));
        for (const partition of unmoved) this.takeOver(partition, standing);
      },
      (err) => {
        // Where the group stands is unknown: what we knew may be from before others had the partition.
        for (const partition of partitions) this.next.delete(partition);
        const message = "could not look whether the log's retention has overtaken the group";
        this.logger.warn({ err, group: this.group }, message);
      },
    );
    this.looked = looked;
  }

  /** The topic was deleted while its partitions were read: what of it was not settled is lost. */
  topicIsGone(): void {
    if (this.topicsGone.has(this.topicId)) return;
    this.topicsGone.add(this.topicId);
    for (const partition of this.ours) this.settings.onLost(this.group, partition, undefined);
  }

  /** A delivery begins at that offset. Never rejects, and takes LOG_CHECK_MS_MAX at most. */
  async reached(partition: number, offset: bigint): Promise<void> {
    await this.looked;
    const expected = this.next.get(partition);
    if (expected !== undefined && offset > expected && !this.settings.compacted) {
      this.settings.onLost(this.group, partition, offset - expected);
      this.next.set(partition, offset);
    }
  }

  /** The group has not moved in it since it was taken over, and nothing of it was lost. */
  isAtBeginning(partition: number): boolean {
    return this.next.get(partition) === 0n;
  }

  /** The group's position was moved. */
  moved(partition: number, next: bigint): void {
    this.next.set(partition, next);
  }

  private takeOver(partition: number, { committed, starts }: Standing): void {
    const start = starts.get(partition) ?? 0n;
    // What we know may be further than what is committed: behind a gap that was counted when we took over before.
    const known = [committed.get(partition), this.next.get(partition)].filter((offset) => offset !== undefined);
    const next = known.length === 0 ? start : known.reduce((one, other) => (other > one ? other : one));
    if (start > next) this.settings.onLost(this.group, partition, start - next);
    this.next.set(partition, start > next ? start : next);
  }

  private look(): Promise<Standing> {
    return this.withAdmin(async (admin) => {
      const log = await admin.fetchTopicOffsets(this.settings.topic);
      const starts = new Map(log.map(({ partition, low }) => [partition, BigInt(low)]));
      return { committed: await this.committed(admin), starts };
    });
  }

  private async committed(admin: Admin): Promise<Map<number, bigint>> {
    const ours = [...(await this.positions(admin))].filter(([, position]) => !this.isOfOtherTopic(position));
    return new Map(ours.map(([partition, { offset }]) => [partition, offset]));
  }

  /** Of partitions that have a position; a reset or unset one is negative. */
  private async positions(admin: Admin): Promise<Map<number, Position>> {
    const topics = await admin.fetchOffsets({ groupId: this.group, topics: [this.settings.topic] });
    const positions = topics.flatMap(({ partitions }) => partitions);
    return new Map(
      positions
        .map(
          ({ partition, offset, metadata }) =>
            [partition, { offset: BigInt(offset), topicId: metadata ?? "" }] as const,
        )
        .filter(([, { offset }]) => offset >= 0n),
    );
  }

  private isOfOtherTopic({ topicId }: Position): boolean {
    return topicId !== "" && topicId !== this.topicId;
  }

  /** A connection for this alone: kafkajs wakes every millisecond for each that is open. */
  private async withAdmin<Answer>(work: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    const admin = kafkaJsClient(this.settings, this.logger).admin();
    try {
      await admin.connect();
      return await work(admin);
    } finally {
      await admin.disconnect().catch(() => undefined); // It is broken then, which is what we want.
    }
  }
}
