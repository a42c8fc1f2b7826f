import { TAIL_FETCH_BYTES_MAX } from "../../domain/limits.ts";
import type { LogMessage } from "../../ports/event-log.ts";

/** Of one partition, from `start` on without a gap. */
interface RecentPartition {
  start: number;
  messages: LogMessage[];
  /** Of `messages`: so many at its beginning are forgotten, and cut off now and then. */
  gone: number;
}

/** The newest messages of the log, for those who begin a little before its end or fall behind: they need not read it. */
export class RecentMessages {
  private readonly bytesMax: number;
  private readonly partitions: RecentPartition[];
  /** The partitions of all messages, in the order in which they came; cut off as theirs are. */
  private readonly order: number[] = [];
  private orderGone = 0;
  private bytes = 0;

  /** `starts`: by partition, the offset of the message that will be added first. */
  constructor(starts: readonly number[], bytesMax: number) {
    this.bytesMax = bytesMax;
    this.partitions = starts.map((start) => ({ start, messages: [], gone: 0 }));
  }

  /** Behind those of its partition. The oldest messages are forgotten where there are too many bytes. */
  add(message: LogMessage): void {
    this.partitions[message.partition]!.messages.push(message);
    this.order.push(message.partition);
    this.bytes += message.bytes.length;
    while (this.bytes > this.bytesMax) this.forgetOldest();
  }

  /** Messages before that offset are missing: what stands before them is not given out any more. */
  beginAt(partition: number, start: number): void {
    this.partitions[partition]!.start = start;
  }

  /**
   * The messages from `offset` on, together up to TAIL_FETCH_BYTES_MAX, one at least where there is one; undefined where
   * what stands there is not known.
   */
  from(partition: number, offset: number): LogMessage[] | undefined {
    const { start, messages, gone } = this.partitions[partition]!;
    if (offset < start) return undefined;
    const found: LogMessage[] = [];
    let bytes = 0;
    for (let at = firstFrom(messages, gone, offset); at < messages.length; at++) {
      bytes += messages[at]!.bytes.length;
      if (found.length > 0 && bytes > TAIL_FETCH_BYTES_MAX) break;
      found.push(messages[at]!);
    }
    return found;
  }

  private forgetOldest(): void {
    const recent = this.partitions[this.order[this.orderGone++]!]!;
    const message = recent.messages[recent.gone++]!;
    this.bytes -= message.bytes.length;
    recent.start = Math.max(recent.start, Number(message.offset) + 1);
    // Each time half is cut off: an array's beginning is expensive to cut, and what stands there stays in memory.
    recent.messages[recent.gone - 1] = NOTHING;
    if (recent.gone * 2 > recent.messages.length) {
      recent.messages.splice(0, recent.gone);
      recent.gone = 0;
    }
    if (this.orderGone * 2 > this.order.length) {
      this.order.splice(0, this.orderGone);
      this.orderGone = 0;
    }
  }
}

const NOTHING: LogMessage = { partition: -1, offset: -1n, bytes: new Uint8Array(0) };

/** The index of the first message with that offset or a higher one. */
function firstFrom(messages: readonly LogMessage[], from: number, offset: number): number {
  let low = from;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Number(messages[middle]!.offset) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
