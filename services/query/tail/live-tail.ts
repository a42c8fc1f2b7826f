import type { Condition } from "../../domain/condition.ts";
import type { TailPlace } from "../../domain/tail-cursor.ts";
import type { Feed, FeedReader, LostMessages } from "./feed.ts";
import { nextPlaces } from "./feeds.ts";
import type { LiveLog } from "./live-log.ts";
import { isBefore } from "./passed-places.ts";
import type { TailAnswer, TailProgress } from "./tail-progress.ts";

/** A range that a tail has just gone on behind. By partition. */
export interface SkippedRange {
  from: readonly TailPlace[];
  until: readonly TailPlace[];
  /** Records that meet its conditions; undefined where nobody knows. */
  records: number | undefined;
}

/** A tail that stands where the live log does: it takes what its feed has for it. */
export class LiveTail {
  private readonly live: LiveLog;
  private readonly progress: TailProgress;
  private readonly feed: Feed;
  private readonly reader: FeedReader;
  /** A cursor may stand before a place that the live log has not reached yet. */
  private isAhead: boolean;

  /** Joins: `progress` is in no partition behind the live log. `wake`: called when there is something to take. */
  constructor(live: LiveLog, tenant: string, condition: Condition, progress: TailProgress, wake: () => void) {
    this.live = live;
    this.progress = progress;
    this.feed = live.feeds.of(tenant, condition);
    this.reader = this.feed.join(wake);
    this.isAhead = progress.places.some(
      ({ offset, index }, partition) => offset > live.places[partition]! || index > 0,
    );
  }

  leave(): void {
    this.live.feeds.leave(this.feed, this.reader);
  }

  /** Adds what there is to the answer, as far as it has room. Gives what lies in the way, with nothing added before it. */
  take(answer: TailAnswer): LostMessages | undefined {
    for (let item = this.feed.peek(this.reader); item !== undefined; item = this.feed.peek(this.reader)) {
      if (item.kind === "lost") {
        if (!answer.isEmpty) return undefined;
        this.feed.take(this.reader);
        return item;
      }
      const goOver = () => void this.reader.hasOfNext++;
      if (!this.progress.show(item, answer, goOver)) return undefined;
      this.progress.moveBehind(item.partition, item.offset);
      this.feed.take(this.reader);
    }
    return undefined;
  }

  /** Where it lags, and everything before is shown: goes on with the newest, and gives what it missed. */
  skipLag(): SkippedRange | undefined {
    if (this.reader.lag === undefined || this.feed.peek(this.reader) !== undefined) return undefined;
    const from = this.places();
    const records = this.feed.resume(this.reader);
    const until = this.places();
    this.progress.skip(from, until);
    return { from, until, records };
  }

  /** Goes on behind messages that are lost. */
  skipLost({ partition, offset, until: end }: LostMessages): SkippedRange | undefined {
    const behind = { offset: end, index: 0 };
    const place = this.progress.places[partition]!;
    if (!isBefore(place, behind)) return undefined; // It began behind them.
    const others = this.places();
    const from = others.with(partition, later(place, { offset, index: 0 }));
    const until = others.with(partition, behind);
    this.progress.passed.addGap(partition, from[partition]!, behind);
    Object.assign(place, behind);
    return { from, until, records: undefined };
  }

  /** By partition, what it is shown next. */
  places(): TailPlace[] {
    const next = nextPlaces(this.feed, this.reader, this.live.places);
    return this.progress.places.map((place, partition) => later(place, { offset: next[partition]!, index: 0 }));
  }

  /** The live log's own cursor where it has everything: made once for all such tails. */
  hasEverything(): boolean {
    if (this.reader.lag !== undefined || this.feed.peek(this.reader) !== undefined) return false;
    this.isAhead &&= this.progress.places.some((place, partition) =>
      isBefore({ offset: this.live.places[partition]!, index: 0 }, place),
    );
    return !this.isAhead;
  }
}

function later(one: TailPlace, other: TailPlace): TailPlace {
  return isBefore(one, other) ? other : { ...one };
}
