import { LogPulseError, reasonText } from "../../domain/errors.ts";
import { TAIL_FETCH_WAIT_MS_MAX } from "../../domain/limits.ts";
import { tailCursor } from "../../domain/tail-cursor.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LogMessage } from "../../ports/event-log.ts";
import type { EventLogFollower, LogExtent } from "../../ports/event-log-follower.ts";
import type { Logger } from "../../ports/logger.ts";
import { Feeds, type FoundByFeed } from "./feeds.ts";
import { untilLogAnswers } from "./log-retries.ts";
import { RecentMessages } from "./recent-messages.ts";
import { RepeatMemory } from "./repeat-memory.ts";
import { SharedQuestion } from "./shared-question.ts";
import { SkippedCount } from "./skipped-count.ts";
import type { TailBounds } from "./tail-bounds.ts";
import { type TailedMessage, tailedMessage } from "./tailed-message.ts";
import { Turns } from "./turns.ts";

/** What following the log takes. */
export interface TailParts {
  follower: EventLogFollower;
  clock: Clock;
  logger: Logger;
}

/**
 * The one reading of the log for all live tails of a process, from its end on: while there are any. Each message is
 * handed to the feeds, and kept for a while for those who begin or catch up.
 *
 * It lives once: where the log cannot be read it fails for good, all its tails end, and the next tail begins another one.
 */
export class LiveLog {
  readonly logId: string;
  readonly feeds: Feeds;
  readonly recents: RecentMessages;
  readonly repeats: RepeatMemory;
  readonly skipped: SkippedCount;
  private readonly parts: TailParts;
  private readonly onFailure: () => void;
  private readonly stopping = new AbortController();
  private readonly turns: Turns;
  private readonly extents: SharedQuestion<LogExtent>;
  private readonly loops: Promise<void>[];
  private ends: readonly number[];
  private endCursor: string | undefined;
  private failedWith: unknown;

  /** Begins at the log's end. `onFailure`: called once, when `failure` is set. @throws LogPulseError `log_unavailable`. */
  static async begin(
    parts: TailParts,
    bounds: TailBounds,
    signal: AbortSignal,
    onFailure: () => void,
  ): Promise<LiveLog> {
    return new LiveLog(parts, bounds, await parts.follower.extent(signal), onFailure);
  }

  private constructor(parts: TailParts, bounds: TailBounds, extent: LogExtent, onFailure: () => void) {
    this.parts = parts;
    this.onFailure = onFailure;
    this.turns = new Turns(parts.clock);
    this.extents = new SharedQuestion(() => parts.follower.extent(this.stopping.signal));
    this.logId = extent.logId;
    this.ends = extent.partitions.map(({ end }) => Number(end));
    this.skipped = new SkippedCount(parts.clock, parts.logger);
    this.feeds = new Feeds(this.skipped, bounds);
    this.recents = new RecentMessages(this.ends, bounds.recentBytesMax);
    this.repeats = new RepeatMemory(bounds);
    this.loops = this.ends.map((_, partition) => this.follow(partition));
  }

  /** By partition, the offset up to which everything was handed to the feeds. Another array after each change. */
  get places(): readonly number[] {
    return this.ends;
  }

  /** The same as a cursor, made once for all who stand there. */
  get cursor(): string {
    this.endCursor ??= tailCursor({ logId: this.logId, places: this.ends.map((offset) => ({ offset, index: 0 })) });
    return this.endCursor;
  }

  /** Why the log is not read any more; undefined while it is. */
  get failure(): unknown {
    return this.failedWith;
  }

  /** Which log it is and what it holds now, asked once for all; it fails where that is another log than this one. */
  async extent(signal: AbortSignal): Promise<LogExtent> {
    const extent = await this.extents.answer(signal);
    if (extent.logId !== this.logId)
      this.fail(new Error(`the log's id is ${extent.logId} now, no longer ${this.logId}`));
    return extent;
  }

  /** Ends the reading. */
  async stop(): Promise<void> {
    this.stopping.abort(NOT_FOLLOWED);
    await Promise.all(this.loops);
  }

  /** Never rejects. */
  private async follow(partition: number): Promise<void> {
    const { signal } = this.stopping;
    try {
      while (!signal.aborted) {
        for (const message of await this.read(partition, signal)) {
          if (Number(message.offset) > this.ends[partition]!) await this.noteLoss(partition, Number(message.offset));
          await this.take(message);
          if (signal.aborted) return;
        }
      }
    } catch (reason) {
      if (!signal.aborted) this.fail(reason);
    }
  }

  private read(partition: number, signal: AbortSignal): Promise<LogMessage[]> {
    const { follower, clock } = this.parts;
    const from = { logId: this.logId, partition, offset: BigInt(this.ends[partition]!) };
    return untilLogAnswers(clock, signal, () => follower.read(from, TAIL_FETCH_WAIT_MS_MAX, signal));
  }

  private async take(message: LogMessage): Promise<void> {
    const tailed = this.feeds.isEmpty ? undefined : this.decoded(message);
    const found: FoundByFeed = new Map();
    while (tailed && this.feeds.hasUnmatched(tailed, found)) await this.feeds.match(tailed, found, this.turns);
    this.handOver(message, tailed, found);
    await this.turns.afterBytes(message.bytes.length);
  }

  /** In one go: whoever joins stands before or behind the whole message. */
  private handOver(message: LogMessage, tailed: TailedMessage | undefined, found: FoundByFeed): void {
    const places = this.ends;
    this.recents.add(message);
    this.moveTo(message.partition, Number(message.offset) + 1);
    if (tailed === undefined || !this.feeds.hasTenant(tailed.batch.tenant)) return;
    this.feeds.push(tailed, found, this.repeats.note(tailed), places);
  }

  private decoded(message: LogMessage): TailedMessage | undefined {
    try {
      return tailedMessage(message);
    } catch (reason) {
      this.skipped.add(message.partition, Number(message.offset), reason);
      return undefined;
    }
  }

  /** Offsets that are not there were never given to a message, or retention was faster than we. */
  private async noteLoss(partition: number, next: number): Promise<void> {
    const { clock } = this.parts;
    const { signal } = this.stopping;
    const { partitions } = await untilLogAnswers(clock, signal, () => this.extent(signal));
    const places = this.ends;
    const offset = places[partition]!;
    const until = Math.min(next, Number(partitions[partition]!.start));
    if (until <= offset) return;
    this.recents.beginAt(partition, until);
    this.moveTo(partition, until);
    this.feeds.pushToAll({ kind: "lost", partition, offset, until }, places);
  }

  private moveTo(partition: number, offset: number): void {
    this.ends = this.ends.with(partition, offset);
    this.endCursor = undefined;
  }

  private fail(reason: unknown): void {
    if (this.failedWith !== undefined || this.stopping.signal.aborted) return;
    this.failedWith = reason;
    this.parts.logger.warn(
      { reason: reasonText(reason) },
      "the log cannot be read: all tails end, and may begin again",
    );
    this.stopping.abort(NOT_FOLLOWED);
    this.onFailure();
  }
}

const NOT_FOLLOWED = new LogPulseError("log_unavailable", "the log is not followed any more");
