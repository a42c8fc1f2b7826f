import { RETRY_WAIT_MS_MIN } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Delivery } from "../../ports/event-log.ts";
import type { MemoryEventLog } from "./event-log.ts";

/** One reader of the group. */
export interface Member {
  settle(delivery: Delivery): Promise<void>;
}

interface UnderWay {
  member: Member;
  stop: AbortController;
  done: Promise<void>;
}

/**
 * The members of one consumer group and what each of them has in hand: one delivery per partition at a time, and a
 * partition belongs to the member whose turn its number is.
 */
export class ConsumerGroup {
  private readonly log: MemoryEventLog;
  private readonly clock: Clock;
  private readonly positions: number[];
  private readonly members: Member[] = [];
  private readonly underWay = new Map<number, UnderWay>(); // By partition.

  constructor(log: MemoryEventLog, name: string, clock: Clock) {
    this.log = log;
    this.clock = clock;
    this.positions = log.positionsOf(name);
    log.onAppend(() => this.deliver());
  }

  join(member: Member): void {
    this.members.push(member);
    this.giveBackLost();
    this.deliver();
  }

  /** Resolves when the member has nothing in hand any more. */
  async leave(member: Member): Promise<void> {
    const at = this.members.indexOf(member);
    if (at >= 0) this.members.splice(at, 1);
    this.giveBackLost();
    await Promise.all([...this.underWay.values()].filter((work) => work.member === member).map((work) => work.done));
  }

  private ownerOf(partition: number): Member | undefined {
    return this.members[partition % this.members.length];
  }

  /** The new owner of a partition waits until the old one has put its delivery down. */
  private giveBackLost(): void {
    for (const [partition, work] of this.underWay) {
      if (work.member !== this.ownerOf(partition)) work.stop.abort(new Error("another reader has this partition now"));
    }
  }

  private deliver(): void {
    for (let partition = 0; partition < this.log.partitions; partition++) {
      const member = this.ownerOf(partition);
      if (member !== undefined && !this.underWay.has(partition)) this.deliverTo(member, partition);
    }
  }

  private deliverTo(member: Member, partition: number): void {
    const messages = this.log.messagesFrom(partition, this.positions[partition]!);
    if (messages.length === 0) return;
    const stop = new AbortController();
    const done = this.settle(member, { partition, messages, signal: stop.signal }).finally(() => {
      this.underWay.delete(partition);
      this.deliver();
    });
    this.underWay.set(partition, { member, stop, done });
  }

  private async settle(member: Member, delivery: Delivery): Promise<void> {
    await Promise.resolve(); // So that this one is known as under way before its `settle` can append to the log.
    try {
      await member.settle(delivery);
      this.positions[delivery.partition]! += delivery.messages.length;
    } catch {
      // The position stays: the delivery comes again, but not in a hot loop.
      await this.clock.sleep(RETRY_WAIT_MS_MIN, delivery.signal).catch(() => undefined);
    }
  }
}
