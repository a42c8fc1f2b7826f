import type { Condition } from "../../domain/condition.ts";
import { conditionMatcher, type RecordMatcher } from "../../domain/condition-matcher.ts";
import type { SeqRun } from "./repeat-memory.ts";
import type { TailedRecord } from "./tailed-message.ts";

/** What a message has for the readers of a feed. */
export interface FoundRecords {
  kind: "found";
  partition: number;
  offset: number;
  /** Those that meet the feed's condition, in order; one at least. */
  records: readonly TailedRecord[];
  /** About what they keep in memory. */
  bytes: number;
  /** Where records of the same message stood before. */
  before: readonly SeqRun[];
}

/** The log's retention was faster than we read: what stood from the one offset to the other is gone. */
export interface LostMessages {
  kind: "lost";
  partition: number;
  offset: number;
  until: number;
}

/** Something for readers, in the order in which the log's messages came to us. */
export type FeedItem = FoundRecords | LostMessages;

const NOTHING = { records: [], bytes: 0 };

interface Queued {
  item: FeedItem;
  bytes: number;
  /** Bytes and records of all items that there ever were before this one. */
  bytesBefore: number;
  recordsBefore: number;
  /** Readers that are still to take it. */
  readers: number;
}

/** What a reader missed, because it was too slow. */
export interface Lag {
  /** By partition, the offset from which on it missed everything. */
  from: readonly number[];
  /** Records of the feed before that place. */
  recordsBefore: number;
}

/** One of a feed's readers, as the feed knows it. */
export interface FeedReader {
  /** Called when there is something new for it. */
  wake(): void;
  /** The number of the item that it takes next. */
  next: number;
  /** How many of that item's records it has already. */
  hasOfNext: number;
  /** What it does not take any more, because its queue was full; items before it still come. */
  lag: Lag | undefined;
  /** With `lag`: the number of the first item that does not come. */
  end: number;
}

/**
 * The records of one tenant that meet one condition, for all tails that ask for just these: each record is matched,
 * decoded and queued once, however many they are. A reader's queue is what of this line it has not taken; an item leaves
 * the line when everybody has it.
 */
export class Feed {
  readonly tenant: string;
  readonly matches: RecordMatcher;
  readonly readers = new Set<FeedReader>();
  private readonly queueBytesMax: number;
  private readonly queue: Queued[] = [];
  private firstNumber = 0;
  private lastLost = -1; // The number of the last item that says that messages are lost.
  private bytesEver = 0;
  private recordsEver = 0;

  constructor(tenant: string, condition: Condition, queueBytesMax: number) {
    this.tenant = tenant;
    this.matches = conditionMatcher(condition);
    this.queueBytesMax = queueBytesMax;
  }

  /** Of what somebody has still to take. */
  get bytes(): number {
    const [first] = this.queue;
    return first ? this.bytesEver - first.bytesBefore : 0;
  }

  /** A reader of what comes from now on. */
  join(wake: () => void): FeedReader {
    const reader: FeedReader = { wake, next: this.endNumber, hasOfNext: 0, lag: undefined, end: 0 };
    this.readers.add(reader);
    return reader;
  }

  leave(reader: FeedReader): void {
    this.readers.delete(reader);
    this.putDown(reader);
  }

  /** `places`: by partition, where the log stood before this item; where a reader's gap begins whose queue is full. */
  push(item: FeedItem, places: readonly number[]): void {
    const { records, bytes } = item.kind === "found" ? item : NOTHING;
    if (item.kind === "lost") this.lastLost = this.endNumber;
    const queued = { item, bytes, bytesBefore: this.bytesEver, recordsBefore: this.recordsEver, readers: 0 };
    for (const reader of this.readers) {
      if (reader.lag === undefined && this.isFull(reader, bytes)) {
        reader.lag = { from: places, recordsBefore: this.recordsEver };
        reader.end = this.endNumber;
      }
      if (reader.lag === undefined) queued.readers++;
      reader.wake();
    }
    this.queue.push(queued);
    this.bytesEver += bytes;
    this.recordsEver += records.length;
    this.dropTaken();
  }

  /** What the reader is to take next, if there is something. */
  peek(reader: FeedReader): FeedItem | undefined {
    if (reader.lag !== undefined && reader.next >= reader.end) return undefined;
    return this.queue[reader.next - this.firstNumber]?.item;
  }

  /** The reader has what `peek` gave. */
  take(reader: FeedReader): void {
    this.queue[reader.next - this.firstNumber]!.readers--;
    reader.next++;
    reader.hasOfNext = 0;
    this.dropTaken();
  }

  /** What the reader has still to take. */
  *untaken(reader: FeedReader): Iterable<FeedItem> {
    const end = reader.lag === undefined ? this.endNumber : reader.end;
    for (let number = reader.next; number < end; number++) yield this.queue[number - this.firstNumber]!.item;
  }

  /**
   * The reader goes on with what comes from now on. Gives the number of records that it missed; undefined where the log
   * lost messages among them: nobody knows what was in those.
   */
  resume(reader: FeedReader): number | undefined {
    const missed = this.lastLost < reader.end ? this.recordsEver - reader.lag!.recordsBefore : undefined;
    reader.lag = undefined;
    reader.next = this.endNumber;
    reader.hasOfNext = 0;
    return missed;
  }

  /**
   * Frees what came first of what somebody has still to take: its readers miss all that they have not taken.
   *
   * `placesOf`: by partition, the offset that such a reader would be shown next. False where there is nothing to free.
   */
  cutSlowest(placesOf: (reader: FeedReader) => readonly number[]): boolean {
    const [first] = this.queue;
    if (!first || this.queue.length < 2) return false; // What came last, everybody may have.
    const slowest = [...this.readers].filter((reader) => this.peek(reader) === first.item);
    for (const reader of slowest) {
      const lag = { from: placesOf(reader), recordsBefore: first.recordsBefore + reader.hasOfNext };
      this.putDown(reader);
      reader.lag = lag;
      reader.end = reader.next;
      reader.wake();
    }
    return true;
  }

  private get endNumber(): number {
    return this.firstNumber + this.queue.length;
  }

  /** One whose queue is empty takes any item: a message can be larger than a queue may be. */
  private isFull(reader: FeedReader, bytes: number): boolean {
    const next = this.queue[reader.next - this.firstNumber];
    return next !== undefined && this.bytesEver - next.bytesBefore + bytes > this.queueBytesMax;
  }

  private putDown(reader: FeedReader): void {
    const end = reader.lag === undefined ? this.endNumber : reader.end;
    for (let number = reader.next; number < end; number++) this.queue[number - this.firstNumber]!.readers--;
    this.dropTaken();
  }

  private dropTaken(): void {
    let taken = 0;
    while (taken < this.queue.length && this.queue[taken]!.readers === 0) taken++;
    if (taken === 0) return;
    this.queue.splice(0, taken);
    this.firstNumber += taken;
  }
}
