import { describe, expect, it } from "vitest";
import { MemoryEventLog } from "../adapters/memory/event-log.ts";
import { MemoryEventLogFollower } from "../adapters/memory/event-log-follower.ts";
import { LogPulseError } from "../domain/errors.ts";
import { WATERMARK_AGE_MS_MAX, WATERMARK_MS_MAX, WATERMARK_RENEWED_MS_MAX } from "../domain/limits.ts";
import { msToNanos } from "../domain/record-time.ts";
import { encodeBatch, newProducer } from "../ports/build-logged-batch.ts";
import type { EventLogFollower, LogPoint } from "../ports/event-log-follower.ts";
import { ManualClock } from "../ports/manual-clock.ts";
import { Watermark } from "./watermark.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 13);
const at = (secondsAgo: number) => msToNanos(NOW_MS - secondsAgo * 1_000);

/** The same log, of whose first partition everything before `start` was deleted. */
class MemoryEventLogFollowerFrom implements EventLogFollower {
  private readonly whole: EventLogFollower;
  private readonly start: bigint;

  constructor(whole: EventLogFollower, start: bigint) {
    this.whole = whole;
    this.start = start;
  }

  async extent(signal: AbortSignal) {
    const { logId, partitions } = await this.whole.extent(signal);
    return { logId, partitions: partitions.map((each, at) => (at === 0 ? { ...each, start: this.start } : each)) };
  }

  read(from: LogPoint, waitMsMax: number, signal: AbortSignal) {
    const isGone = from.partition === 0 && from.offset < this.start;
    return this.whole.read(isGone ? { ...from, offset: this.start } : from, waitMsMax, signal);
  }

  placesAt(timeMs: number, signal: AbortSignal) {
    return this.whole.placesAt(timeMs, signal);
  }

  close() {
    return this.whole.close();
  }
}

/** A log of two partitions, a store that has settled so much of each, and the watermark of both. */
function watermarkOf(settled: bigint[]) {
  const clock = new ManualClock(NOW_MS);
  const log = new MemoryEventLog(2);
  const follower = new MemoryEventLogFollower(log, clock);
  const positions = {
    asked: 0,
    settled: async () => {
      positions.asked++;
      return settled;
    },
  };
  const append = (partition: number, ...secondsAgo: number[]) =>
    log.append(
      partition,
      secondsAgo.map((ago) =>
        encodeBatch({ tenant: "default", producer: newProducer(NOW_MS), records: [{}], receivedNanos: at(ago) }),
      ),
    );
  return { clock, log, follower, positions, append, watermark: new Watermark({ follower, positions, clock }) };
}

/** In steps, so that those who sleep again and again do. */
async function passSlowly(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) await clock.pass(100);
}

describe("the watermark", () => {
  it("is the time of asking where all is settled", async () => {
    const { watermark, append } = watermarkOf([2n, 0n]);
    expect(await watermark.read()).toBe(at(0));
    await append(0, 9, 8);
    expect(await watermark.read()).toBe(at(0));
  });

  it("is when the oldest message was received that is not settled, over all partitions", async () => {
    const { watermark, append } = watermarkOf([1n, 2n]);
    await append(0, 90, 30, 20);
    await append(1, 80, 70, 60, 10);
    expect(await watermark.read()).toBe(at(60));
  });

  it("is not known where the log does not hold any more what is not settled", async () => {
    const { clock, follower, positions, append } = watermarkOf([1n, 1n]);
    await append(0, 90, 30);
    await append(1, 80);
    const trimmed = new MemoryEventLogFollowerFrom(follower, 1n);
    expect(await new Watermark({ follower: trimmed, positions, clock }).read()).toBe(at(30));
    const further = new MemoryEventLogFollowerFrom(follower, 2n);
    expect(await new Watermark({ follower: further, positions, clock }).read()).toBeUndefined();
  });

  it("does not lie in the future where a clock of ingest is ahead", async () => {
    const { watermark, append } = watermarkOf([0n, 0n]);
    await append(0, -60);
    expect(await watermark.read()).toBe(at(0));
  });

  it("takes a partition that the store does not know yet as not settled at all", async () => {
    const { watermark, append } = watermarkOf([1n]);
    await append(0, 5);
    await append(1, 7);
    expect(await watermark.read()).toBe(at(7));
  });

  it("is nobody's to say where the message that is not settled is no batch", async () => {
    const { watermark, append, log } = watermarkOf([0n, 0n]);
    await append(0, 5);
    await log.append(1, [Buffer.from("garbage")]);
    expect(await watermark.read()).toBeUndefined();
  });

  it("is remembered for a while, and asked for once by all who ask meanwhile", async () => {
    const settled = [0n, 0n];
    const { watermark, append, clock, positions } = watermarkOf(settled);
    await append(0, 5);
    expect(await Promise.all([watermark.read(), watermark.read()])).toEqual([at(5), at(5)]);
    settled[0] = 1n;
    await clock.pass(WATERMARK_AGE_MS_MAX / 2 - 1);
    expect(await watermark.read()).toBe(at(5));
    expect(positions.asked).toBe(1);
    await clock.pass(WATERMARK_AGE_MS_MAX / 2 + 1);
    expect(await watermark.read()).toBe(msToNanos(NOW_MS + WATERMARK_AGE_MS_MAX));
  });

  it("is kept young for a while, for those who ask again", async () => {
    const settled = [0n, 0n];
    const { watermark, append, clock, positions } = watermarkOf(settled);
    await append(0, 5);
    await watermark.read();
    settled[0] = 1n;
    await passSlowly(clock, 5_000);
    const { asked } = positions;
    expect(asked).toBeGreaterThanOrEqual(5);
    const time = watermark.read();
    expect(positions.asked).toBe(asked); // Nobody waits.
    expect(await time).toBeGreaterThanOrEqual(msToNanos(NOW_MS + 5_000 - WATERMARK_AGE_MS_MAX));
    await passSlowly(clock, WATERMARK_RENEWED_MS_MAX + WATERMARK_AGE_MS_MAX);
    const atTheEnd = positions.asked;
    await passSlowly(clock, 60_000);
    expect(positions.asked).toBe(atTheEnd);
    expect(await watermark.read()).toBe(msToNanos(clock.nowMs()));
  });

  it("is asked for by nobody once it is closed, also where that was being done", async () => {
    const { watermark, clock, positions } = watermarkOf([0n, 0n]);
    await watermark.read();
    await watermark.close();
    await passSlowly(clock, 5_000);
    expect(positions.asked).toBe(1);
  });

  it("is not older than it may be where asking anew takes its time, which ends no younger one", async () => {
    const { clock, follower } = watermarkOf([]);
    const answers: ((settled: bigint[]) => void)[] = [];
    const settled = () => new Promise<bigint[]>((resolve) => answers.push(resolve));
    const watermark = new Watermark({ follower, positions: { settled }, clock });
    const answer = async (index: number) => {
      await clock.pass(0);
      answers[index]!([0n, 0n]);
      await clock.pass(0);
    };
    const first = watermark.read();
    await answer(0);
    await first;
    await clock.pass(WATERMARK_AGE_MS_MAX / 2); // The second is asked for.
    await clock.pass(WATERMARK_AGE_MS_MAX / 2);
    const third = watermark.read();
    await answer(2);
    await answer(1);
    const wanted = msToNanos(NOW_MS + WATERMARK_AGE_MS_MAX);
    expect([await third, await watermark.read()]).toEqual([wanted, wanted]);
  });

  it.each(["log_unavailable", "store_unavailable"] as const)(
    "is left out where it is %s, and comes back",
    async (kind) => {
      const { clock, follower, positions } = watermarkOf([]);
      let isAway = true;
      const settled = async () => {
        if (isAway) throw new LogPulseError(kind, "away");
        return positions.settled();
      };
      const watermark = new Watermark({ follower, positions: { settled }, clock });
      expect(await watermark.read()).toBeUndefined();
      isAway = false;
      await clock.pass(WATERMARK_AGE_MS_MAX);
      expect(await watermark.read()).toBe(msToNanos(clock.nowMs()));
    },
  );

  it("is left out where nobody answers in time, and whoever is asked is told to stop", async () => {
    const { clock, follower } = watermarkOf([]);
    let isStopped = false;
    const settled = (signal: AbortSignal) => {
      signal.addEventListener("abort", () => (isStopped = true));
      return new Promise<bigint[]>(() => {});
    };
    const reading = new Watermark({ follower, positions: { settled }, clock }).read();
    await clock.pass(WATERMARK_MS_MAX);
    expect([await reading, isStopped]).toEqual([undefined, true]);
  });

  it("does not hide a bug", async () => {
    const { clock, follower } = watermarkOf([]);
    const settled = async () => {
      if (clock.nowMs() > NOW_MS) throw new TypeError("bug");
      return [];
    };
    const watermark = new Watermark({ follower, positions: { settled }, clock });
    await watermark.read();
    await clock.pass(WATERMARK_AGE_MS_MAX / 2);
    await expect(watermark.read()).rejects.toThrow("bug");
    await clock.pass(WATERMARK_AGE_MS_MAX);
    await expect(watermark.read()).rejects.toThrow("bug");
  });
});
