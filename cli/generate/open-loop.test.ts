import { describe, expect, it } from "vitest";
import {
  GENERATE_BEHIND_MS_MAX,
  GENERATE_LATE_MS_MAX,
  GENERATE_REQUESTS_IN_FLIGHT_MAX,
} from "../../services/domain/limits.ts";
import { ManualClock } from "../../services/ports/manual-clock.ts";
import { type LoadSchedule, OpenLoop } from "./open-loop.ts";

/** A loop on a clock that a test moves; requests are settled when it says so. */
function loopOf(schedule: Partial<LoadSchedule>) {
  const manual = new ManualClock();
  const clock = {
    nowMs: () => manual.monotonicMs(),
    sleep: (ms: number, signal: AbortSignal) => manual.sleep(ms, signal).catch(() => {}),
  };
  const seen = { due: [] as number[], begun: [] as number[], skipped: 0, late: 0, heldUntilMs: 0 };
  const open: (() => void)[] = [];
  const work = {
    start(dueMs: number) {
      seen.due.push(dueMs);
      seen.begun.push(clock.nowMs());
      return new Promise<void>((resolve) => open.push(resolve));
    },
    heldUntilMs: () => seen.heldUntilMs,
    skip(count: number) {
      seen.skipped += count;
    },
    late() {
      seen.late += 1;
    },
  };
  const whole = { requestsPerSecond: 100, requestsMax: undefined, durationMs: undefined, ...schedule };
  const loop = new OpenLoop(whole, work, clock);
  const stop = new AbortController();
  let isOver = false;
  const over = loop.run(stop.signal).then(() => {
    isOver = true;
  });
  const settle = async (count = open.length) => {
    for (const done of open.splice(0, count)) done();
    await manual.pass(0);
  };
  /** In steps as small as the schedule's. */
  const pass = async (ms: number, stepMs = 10) => {
    for (let passed = 0; passed < ms; passed += stepMs) await manual.pass(stepMs);
  };
  return { seen, loop, stop, over, settle, pass, manual, isOver: () => isOver };
}

describe("an open loop", () => {
  it("begins requests at their times, whether others are answered or not", async () => {
    const { seen, pass, loop } = loopOf({});
    await pass(1_000);
    expect(seen.due).toEqual(Array.from({ length: 101 }, (_, at) => at * 10));
    expect(seen.begun).toEqual(seen.due);
    expect(loop.inFlight).toBe(101);
    expect([seen.late, seen.skipped]).toEqual([0, 0]);
  });

  it("ends after so many requests, when they are settled", async () => {
    const { seen, pass, settle, isOver, over } = loopOf({ requestsMax: 5 });
    await pass(1_000);
    expect(seen.due).toEqual([0, 10, 20, 30, 40]);
    await settle(4);
    expect(isOver()).toBe(false);
    await settle();
    await over;
  });

  it.each([
    [100, 0, 1],
    [100, 1, 1],
    [100, 1_000, 100],
    [3, 1_000, 3],
    [0.5, 5_000, 3],
  ])("at %d requests/s begins those that are due within %d ms: %d", async (requestsPerSecond, durationMs, expected) => {
    const { seen, pass, settle, over } = loopOf({ requestsPerSecond, durationMs: Math.max(1, durationMs) });
    await pass(durationMs + 100);
    await settle();
    await over;
    expect(seen.due).toHaveLength(expected);
  });

  it("counts what begins late, from the time when it was due", async () => {
    const { seen, manual } = loopOf({ requestsPerSecond: 10 });
    await manual.pass(100 + GENERATE_LATE_MS_MAX);
    expect([seen.due.length, seen.late]).toEqual([2, 0]);
    await manual.pass(100 + 1);
    expect([seen.due.length, seen.late]).toEqual([3, 1]);
    expect([seen.due[2], seen.begun[2]]).toEqual([200, 251]);
  });

  it("has a bound on requests that are on their way; what waits too long for room is skipped", async () => {
    const { seen, pass, settle, loop } = loopOf({ requestsPerSecond: 1_000 });
    await pass(300, 1);
    expect(loop.inFlight).toBe(GENERATE_REQUESTS_IN_FLIGHT_MAX);
    await pass(GENERATE_BEHIND_MS_MAX, 1);
    expect(loop.inFlight).toBe(GENERATE_REQUESTS_IN_FLIGHT_MAX);
    // Due at 256 ms and not begun by 1300 ms: 44 of them.
    expect(seen.skipped).toBe(1_300 - GENERATE_BEHIND_MS_MAX - GENERATE_REQUESTS_IN_FLIGHT_MAX);
    await settle(1);
    expect(seen.due.at(-1)).toBe(1_300 - GENERATE_BEHIND_MS_MAX);
    expect(seen.late).toBe(1);
  });

  it("goes on at once when there is room again", async () => {
    const { seen, pass, settle } = loopOf({ requestsPerSecond: 1_000 });
    await pass(400, 1);
    const before = seen.due.length;
    await settle(100);
    expect(seen.due.length).toBe(before + 100);
    expect(seen.begun.at(-1)).toBe(400);
  });

  it("begins nothing in a pause that a server has asked for, and skips what it was too long for", async () => {
    const { seen, pass } = loopOf({ requestsPerSecond: 10 });
    await pass(50);
    seen.heldUntilMs = 2_050;
    await pass(2_000);
    expect(Math.min(...seen.begun.slice(1))).toBeGreaterThanOrEqual(2_050);
    expect(seen.skipped).toBe(10); // Due at 100 to 1,000.
    expect(seen.due.slice(1, 4)).toEqual([1_100, 1_200, 1_300]);
  });

  it("skips millions in one step after a machine has slept, and no more than there are", async () => {
    const night = 8 * 3_600_000;
    const endless = loopOf({ requestsPerSecond: 1_000 });
    await endless.manual.pass(night);
    expect(endless.seen.skipped).toBe(night - GENERATE_BEHIND_MS_MAX - 1);
    const bounded = loopOf({ requestsPerSecond: 1_000, durationMs: 60_000 });
    await bounded.manual.pass(night);
    await bounded.settle();
    await bounded.over;
    expect(bounded.seen.skipped + bounded.seen.due.length).toBe(60_000);
  });

  it("with a number of requests begins others in place of those that it skipped", async () => {
    const { seen, manual, pass, settle, over } = loopOf({ requestsPerSecond: 10, requestsMax: 20 });
    await manual.pass(5_000);
    await pass(2_000);
    await settle();
    await over;
    expect(seen.due).toHaveLength(20);
    expect(seen.skipped).toBeGreaterThan(30);
  });

  it("ends at once when it is told to, and waits for what is on its way", async () => {
    const { seen, stop, pass, settle, isOver, over } = loopOf({ requestsPerSecond: 1 });
    await pass(1_000);
    stop.abort();
    await pass(5_000);
    expect(seen.due).toHaveLength(2);
    expect(isOver()).toBe(false);
    await settle();
    await over;
  });
});
