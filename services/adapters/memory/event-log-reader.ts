import type { Clock } from "../../ports/clock.ts";
import type { Delivery, EventLogReader, Reading } from "../../ports/event-log.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import type { MemoryEventLog } from "./event-log.ts";

/** Reads a MemoryEventLog. One reader object for all members of a group: they know of each other through it. */
export class MemoryEventLogReader implements EventLogReader {
  private readonly log: MemoryEventLog;
  private readonly clock: Clock;
  private readonly groups = new Map<string, ConsumerGroup>();

  constructor(log: MemoryEventLog, clock: Clock) {
    this.log = log;
    this.clock = clock;
  }

  async read(group: string, settle: (delivery: Delivery) => Promise<void>): Promise<Reading> {
    const joined = this.groups.get(group) ?? new ConsumerGroup(this.log, group, this.clock);
    this.groups.set(group, joined);
    const member = { settle };
    joined.join(member);
    return { stop: () => joined.leave(member) };
  }
}
