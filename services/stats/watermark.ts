import { isKind } from "../domain/errors.ts";
import { WATERMARK_AGE_MS_MAX, WATERMARK_MS_MAX, WATERMARK_RENEWED_MS_MAX } from "../domain/limits.ts";
import { receivedNanosOf } from "../domain/received-time.ts";
import { msToNanos } from "../domain/record-time.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventLogFollower, LogPoint } from "../ports/event-log-follower.ts";
import type { StorePositions } from "../ports/store-positions.ts";

/** What a watermark is made of. */
export interface WatermarkParts {
  follower: EventLogFollower;
  /** Of the store that is asked. */
  positions: StorePositions;
  clock: Clock;
}

interface Remembered {
  time: Promise<bigint | undefined>;
  /** By the clock that nobody sets back. */
  untilMs: number;
}

/**
 * Until when a store has everything: the time, in nanoseconds since 1970, before which every acknowledged record is
 * settled in it.
 *
 * Whoever was acknowledged before the first message that is not settled was received, stands before it in the log: an
 * acknowledgement follows the append. Where all is settled, that is so for whoever was acknowledged before we asked.
 */
export class Watermark {
  private readonly parts: WatermarkParts;
  private readonly stop = new AbortController();
  private remembered: Remembered | undefined;
  private readMs = Number.NEGATIVE_INFINITY;
  private renewing: Promise<void> | undefined;

  constructor(parts: WatermarkParts) {
    this.parts = parts;
  }

  /**
   * As it was at most WATERMARK_AGE_MS_MAX ago; undefined where log or store do not answer within WATERMARK_MS_MAX, or
   * the log does not hold what is not settled. All who ask at the same time wait for the same answer; those who ask again
   * within WATERMARK_RENEWED_MS_MAX find one that was asked for in the meantime, and wait for nothing.
   */
  read(): Promise<bigint | undefined> {
    this.readMs = this.parts.clock.monotonicMs();
    if (!this.remembered || this.readMs >= this.remembered.untilMs) this.remembered = this.begin();
    this.renewing ??= this.renew().finally(() => {
      this.renewing = undefined;
    });
    return this.remembered.time;
  }

  /** Asks for nothing any more. */
  async close(): Promise<void> {
    this.stop.abort(new Error("the process is stopping"));
    await this.renewing;
  }

  /** Until nobody has read it for a while. */
  private async renew(): Promise<void> {
    const { clock } = this.parts;
    for (;;) {
      await clock.sleep(WATERMARK_AGE_MS_MAX / 2, this.stop.signal).catch(() => undefined); // Stopped: as below.
      if (this.stop.signal.aborted || clock.monotonicMs() - this.readMs > WATERMARK_RENEWED_MS_MAX) return;
      const next = this.begin();
      await next.time.catch(() => undefined); // A bug is thrown at whoever reads next.
      if (next.untilMs > this.remembered!.untilMs) this.remembered = next; // Whoever could not wait has a younger one.
    }
  }

  private begin(): Remembered {
    const { clock } = this.parts;
    return { time: this.askWithin(clock.nowMs()), untilMs: clock.monotonicMs() + WATERMARK_AGE_MS_MAX };
  }

  private async askWithin(nowMs: number): Promise<bigint | undefined> {
    const stop = new AbortController();
    const late = this.parts.clock.sleep(WATERMARK_MS_MAX, stop.signal).then(() => undefined);
    try {
      const asked = askWatermark(this.parts, msToNanos(nowMs), stop.signal).then(({ time }) => time);
      return await Promise.race([asked, late]); // The race handles the loser's rejection.
    } catch (reason) {
      if (isKind(reason, "log_unavailable") || isKind(reason, "store_unavailable")) return undefined;
      throw reason;
    } finally {
      stop.abort();
    }
  }
}

/** Where a store is in the log. */
export interface SettledLog {
  /** As Watermark.read. */
  time: bigint | undefined;
  /** When the oldest message that is not settled was received, or now: of those that are held and say so. */
  oldest: bigint | undefined;
  /** By partition: messages that are not settled, also those that the log does not hold any more. */
  unsettled: bigint[];
}

/**
 * Asks log and store now. The ends first: what is settled later may reach them also while more is appended.
 *
 * @throws LogPulseError `log_unavailable`, `store_unavailable`; the signal's reason.
 */
export async function askWatermark(
  { follower, positions }: WatermarkParts,
  nowNanos: bigint,
  signal: AbortSignal,
): Promise<SettledLog> {
  const { logId, partitions } = await follower.extent(signal);
  const settled = await positions.settled(signal);
  const places = partitions.map(({ start, end }, partition) => ({
    partition,
    start,
    end,
    offset: settled[partition] ?? 0n,
  }));
  const times = await Promise.all(
    places.map(({ partition, start, end, offset }) => {
      if (offset >= end) return nowNanos;
      return receivedAt(follower, { logId, partition, offset: offset < start ? start : offset }, signal);
    }),
  );
  const oldest = times.reduce((one, other) => earlier(one, other), nowNanos);
  // What stood before the start and is in no store, nobody knows how old it was.
  const isHeld = places.every(({ start, end, offset }) => offset >= start || offset >= end);
  const isKnown = isHeld && times.every((time) => time !== undefined);
  const unsettled = places.map(({ end, offset }) => (offset < end ? end - offset : 0n));
  return { time: isKnown ? oldest : undefined, oldest, unsettled };
}

function earlier(one: bigint | undefined, other: bigint | undefined): bigint | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other < one ? other : one;
}

/** When the first message from there on was received; undefined where none is held, or it does not say. */
async function receivedAt(
  follower: EventLogFollower,
  from: LogPoint,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const [first] = await follower.read(from, 0, signal);
  return first && receivedNanosOf(first.bytes);
}
