import type { Condition } from "../../domain/condition.ts";
import { Feed, type FeedItem, type FeedReader } from "./feed.ts";
import { meeting } from "./meeting-records.ts";
import type { SeqRun } from "./repeat-memory.ts";
import type { SkippedCount } from "./skipped-count.ts";
import type { TailBounds } from "./tail-bounds.ts";
import { keepRecords, type TailedMessage, type TailedRecord } from "./tailed-message.ts";
import type { Turns } from "./turns.ts";

/** By feed: what of a message meets its condition. */
export type FoundByFeed = Map<Feed, readonly TailedRecord[]>;

/** All feeds of a process: one for each tenant and condition that somebody tails now. */
export class Feeds {
  private readonly byTenant = new Map<string, Map<string, Feed>>();
  private readonly bounds: TailBounds;
  private readonly skipped: SkippedCount;

  constructor(skipped: SkippedCount, bounds: TailBounds) {
    this.skipped = skipped;
    this.bounds = bounds;
  }

  /** Nobody tails now. */
  get isEmpty(): boolean {
    return this.byTenant.size === 0;
  }

  hasTenant(tenant: string): boolean {
    return this.byTenant.has(tenant);
  }

  /** The feed of that condition, to be joined at once. */
  of(tenant: string, condition: Condition): Feed {
    const feeds = this.byTenant.get(tenant) ?? new Map<string, Feed>();
    this.byTenant.set(tenant, feeds);
    const key = keyOf(condition);
    const feed = feeds.get(key) ?? new Feed(tenant, condition, this.bounds.queueBytesMax);
    feeds.set(key, feed);
    return feed;
  }

  /** A reader goes; a feed goes with its last one. */
  leave(feed: Feed, reader: FeedReader): void {
    feed.leave(reader);
    if (feed.readers.size > 0) return;
    const feeds = this.byTenant.get(feed.tenant)!;
    for (const [key, other] of feeds) if (other === feed) feeds.delete(key);
    if (feeds.size === 0) this.byTenant.delete(feed.tenant);
  }

  /** There are feeds that this message is to be matched for: somebody may join while it is matched for others. */
  hasUnmatched(message: TailedMessage, found: FoundByFeed): boolean {
    return this.ofTenant(message.batch.tenant).some((feed) => !found.has(feed));
  }

  /** Matches a message for the feeds that there are now; others of the process have their turns meanwhile. */
  async match(message: TailedMessage, found: FoundByFeed, turns: Turns): Promise<void> {
    for (const feed of this.ofTenant(message.batch.tenant)) {
      if (found.has(feed) || feed.readers.size === 0) continue; // Its last reader has gone meanwhile.
      found.set(feed, await meeting(message, feed.matches, this.skipped, turns));
    }
  }

  /**
   * Gives a message's records to the readers, matched for all feeds that there are.
   *
   * `before`: where records of it stood before. `places`: by partition, where the log stood before the message.
   */
  push(message: TailedMessage, found: FoundByFeed, before: readonly SeqRun[], places: readonly number[]): void {
    const { partition, offset, records } = message;
    for (const feed of this.ofTenant(message.batch.tenant)) {
      const ofFeed = found.get(feed)!;
      if (ofFeed.length === 0) continue;
      const bytes = keepRecords(message, ofFeed);
      feed.push({ kind: "found", partition, offset, records: ofFeed, bytes, before }, places);
    }
    for (const record of records) record.forgetMatching();
    this.keepBound(places);
  }

  /** Gives something to all readers there are. */
  pushToAll(item: FeedItem, places: readonly number[]): void {
    for (const feed of this.all()) feed.push(item, places);
  }

  /** The fullest feed pays: those readers of it that have taken least. */
  private keepBound(places: readonly number[]): void {
    let bytes = 0;
    for (const feed of this.all()) bytes += feed.bytes;
    while (bytes > this.bounds.queuesBytesMax) {
      const fullest = [...this.all()].reduce((most, feed) => (feed.bytes > most.bytes ? feed : most));
      const before = fullest.bytes;
      if (!fullest.cutSlowest((reader) => nextPlaces(fullest, reader, places))) return;
      bytes -= before - fullest.bytes;
    }
  }

  private ofTenant(tenant: string): Feed[] {
    return [...(this.byTenant.get(tenant)?.values() ?? [])];
  }

  private *all(): Iterable<Feed> {
    for (const feeds of this.byTenant.values()) yield* feeds.values();
  }
}

/** By partition, the offset of what a reader takes next: `ends` where it has everything. */
export function nextPlaces(feed: Feed, reader: FeedReader, ends: readonly number[]): number[] {
  const places = [...(reader.lag?.from ?? ends)];
  const seen = new Set<number>();
  for (const { partition, offset } of feed.untaken(reader)) {
    if (!seen.has(partition)) places[partition] = offset;
    seen.add(partition);
  }
  return places;
}

/** The same for conditions that say the same in the same words. */
function keyOf(condition: Condition): string {
  return JSON.stringify(condition, (_key, value) => (typeof value === "bigint" ? `${value}n` : value));
}
