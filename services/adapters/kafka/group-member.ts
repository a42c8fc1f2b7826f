import { setTimeout as sleep } from "node:timers/promises";
import type { Consumer } from "kafkajs";
import { FETCH_BYTES_PER_PARTITION_MAX, RETRY_WAIT_MS_MAX, RETRY_WAIT_MS_MIN } from "../../domain/limits.ts";
import type { Delivery } from "../../ports/event-log.ts";
import type { Logger } from "../../ports/logger.ts";
import { DeliveriesInHand } from "./deliveries-in-hand.ts";
import type { KafkaReaderSettings } from "./event-log-reader.ts";
import { kafkaJsClient } from "./kafkajs-client.ts";
import { LogPositions } from "./log-positions.ts";
import { HEARTBEAT_MS, REBALANCE_MS_MAX, SESSION_MS_MAX } from "./membership.ts";
import { TopicId } from "./topic-id.ts";
import { within } from "./within.ts";

// The broker answers a fetch when it has this much, or after this time: many small batches then become one bulk and one
// transaction instead of hundreds. Readers are this much later at most, and stopping takes this much longer.
const FETCH_BYTES_MIN = 1024 * 1024;
const FETCH_WAIT_MS_MAX = 250;
/** For the last commit and the farewell to a group. */
export const LEAVE_MS_MAX = 5_000;
const LOOK_FOR_OTHER_TOPIC_MS = 5_000;

/** The first position in a partition, as kafkajs takes it. */
interface Beginning {
  topic: string;
  partition: number;
  offset: string;
  metadata: string;
}

/**
 * One member of a consumer group, from `new` to `stop`. kafkajs mends what it can; whatever makes it give up, the
 * consumer is made anew after a wait, for ever: a worker without Kafka waits for Kafka.
 */
export class GroupMember {
  /** Resolves when the group has let it in for the first time; never rejects. */
  readonly joined: Promise<void>;
  private readonly settings: KafkaReaderSettings;
  private readonly group: string;
  private readonly settle: (delivery: Delivery) => Promise<void>;
  private readonly logger: Logger;
  private readonly topicId: TopicId;
  /** Ids of topics whose end this member has told. */
  private readonly topicsGone = new Set<string>();
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;
  private onJoined: () => void = () => undefined;

  constructor(
    settings: KafkaReaderSettings,
    group: string,
    settle: (delivery: Delivery) => Promise<void>,
    logger: Logger,
  ) {
    this.settings = settings;
    this.group = group;
    this.settle = settle;
    this.logger = logger;
    this.topicId = new TopicId(settings, settings.topic);
    this.joined = new Promise((resolve) => {
      this.onJoined = resolve;
    });
    this.ended = this.consumeUntilStopped();
  }

  /** Aborts the deliveries, waits for their `settle`, commits what was settled, leaves the group. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error("the reader was stopped"));
    await this.ended;
    await this.topicId.close();
  }

  private async consumeUntilStopped(): Promise<void> {
    const { signal } = this.stopping;
    for (let waitMs = RETRY_WAIT_MS_MIN; !signal.aborted; waitMs = Math.min(2 * waitMs, RETRY_WAIT_MS_MAX)) {
      const startedAt = performance.now();
      try {
        await this.consume(signal);
      } catch (err) {
        if (performance.now() - startedAt > RETRY_WAIT_MS_MAX * 6) waitMs = RETRY_WAIT_MS_MIN; // It had worked well.
        this.logger.warn({ err, group: this.group, waitMs }, "reading the log broke off; joining the group again");
        await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Resolves when stopped, rejects when kafkajs has given up; either way nothing of it is left. */
  private async consume(signal: AbortSignal): Promise<void> {
    const { topicId } = this;
    const topicIdNow = await topicId.read();
    if (signal.aborted) return;
    const consumer = this.newConsumer();
    const positions = new LogPositions(this.settings, this.group, topicIdNow, this.topicsGone, this.logger);
    const inHand = new DeliveriesInHand(this.settle, positions, this.logger);
    const beginnings: Beginning[] = [];
    const over = Promise.withResolvers<void>();
    const stop = () => {
      inHand.stop(signal.reason);
      over.resolve();
    };
    const breakOff = (reason: Error) => {
      inHand.stop(new Error("reading the log broke off", { cause: reason }));
      over.reject(reason);
    };
    signal.addEventListener("abort", stop, { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => breakOff(payload.error));
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const assigned = payload.memberAssignment[this.settings.topic] ?? [];
      beginnings.push(...this.restart(consumer, positions, assigned));
      positions.assigned(assigned);
      inHand.keepOnly(assigned);
      this.onJoined();
    });
    const ended = new AbortController();
    const look = () => void this.lookForOtherTopic(positions, breakOff, ended.signal);
    const watch = setInterval(look, LOOK_FOR_OTHER_TOPIC_MS);
    const begun = this.begin(consumer, positions, inHand, signal).then(() =>
      this.commitBeginnings(consumer, positions, beginnings),
    );
    try {
      await Promise.race([over.promise, begun]);
      await over.promise;
    } finally {
      clearInterval(watch);
      ended.abort();
      signal.removeEventListener("abort", stop);
      await this.leave(consumer, begun, inHand);
    }
  }

  /** Positions in a topic that is no more mean nothing in the one that is read. Before the first message is fetched. */
  private restart(consumer: Consumer, positions: LogPositions, assigned: readonly number[]): Beginning[] {
    const { topic } = this.settings;
    const metadata = positions.topicId;
    const begin = positions.toRestart(assigned).map((partition) => ({ topic, partition, offset: "0", metadata }));
    for (const position of begin) consumer.seek(position);
    return begin;
  }

  /**
   * So that nobody finds the old positions again, and tells the same loss, before there is a first message. Not as soon as
   * the group is joined: kafkajs drops, without a word, what is committed before its consumer runs. Never rejects.
   */
  private async commitBeginnings(consumer: Consumer, positions: LogPositions, beginnings: readonly Beginning[]) {
    const unmoved = beginnings.filter(({ partition }) => positions.isAtBeginning(partition));
    if (unmoved.length === 0) return;
    try {
      await consumer.commitOffsets(unmoved);
    } catch (err) {
      this.logger.warn({ err, group: this.group }, "could not commit the beginning of a topic that was made again");
    }
  }

  /** A topic that was deleted and made again: kafkajs would go on in the new one where it stood in the old. */
  private async lookForOtherTopic(
    positions: LogPositions,
    breakOff: (reason: Error) => void,
    ended: AbortSignal,
  ): Promise<void> {
    try {
      const now = await this.topicId.read();
      if (ended.aborted || now === positions.topicId) return;
      positions.topicIsGone();
      breakOff(new Error(`topic ${this.settings.topic} was deleted and made again`));
    } catch (err) {
      this.logger.debug({ err, group: this.group }, "could not look whether the topic is still the same");
    }
  }

  private newConsumer(): Consumer {
    return kafkaJsClient(this.settings, this.logger).consumer({
      groupId: this.group,
      sessionTimeout: SESSION_MS_MAX,
      rebalanceTimeout: REBALANCE_MS_MAX,
      heartbeatInterval: HEARTBEAT_MS,
      maxBytesPerPartition: FETCH_BYTES_PER_PARTITION_MAX,
      maxBytes: FETCH_BYTES_PER_PARTITION_MAX * this.settings.partitions,
      minBytes: FETCH_BYTES_MIN,
      maxWaitTimeInMs: FETCH_WAIT_MS_MAX,
      allowAutoTopicCreation: false,
      // We begin anew ourselves: kafkajs does so only after some errors, and can begin after it was stopped.
      retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 5, restartOnFailure: async () => false },
    });
  }

  private async begin(consumer: Consumer, positions: LogPositions, inHand: DeliveriesInHand, signal: AbortSignal) {
    const { topic, partitions } = this.settings;
    await consumer.connect();
    await positions.begin();
    await consumer.subscribe({ topic, fromBeginning: true });
    if (signal.aborted) return;
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: partitions,
      eachBatch: (payload) => inHand.deliver(payload),
    });
  }

  /**
   * However long `settle` takes, it is waited for; but not a broker that does not answer its commit or the farewell. A
   * consumer that is still joining cannot be stopped (kafkajs would go on and read), so it is let in first, and takes no
   * deliveries.
   */
  private async leave(consumer: Consumer, begun: Promise<void>, inHand: DeliveriesInHand): Promise<void> {
    const left = begun.catch(() => undefined).then(() => consumer.disconnect());
    await inHand.noneSettles();
    try {
      await within(LEAVE_MS_MAX, left, () => new Error(`no farewell within ${LEAVE_MS_MAX} ms`));
    } catch (err) {
      this.logger.warn({ err, group: this.group }, "left the group without a farewell; the broker will notice");
    }
  }
}
