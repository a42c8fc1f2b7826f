import { describe, expect, it } from "vitest";
import { MemoryEventLog } from "../../adapters/memory/event-log.ts";
import { MemoryEventLogFollower } from "../../adapters/memory/event-log-follower.ts";
import { LAG_AGE_MS_MAX } from "../../domain/limits.ts";
import { msToNanos } from "../../domain/record-time.ts";
import { encodeBatch, newProducer } from "../../ports/build-logged-batch.ts";
import { ManualClock } from "../../ports/manual-clock.ts";
import { lagMetrics } from "./lag-metrics.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 13);

/** A log of two partitions, of which a store has settled so much; `start`: before it the first one holds nothing any more. */
async function lagOf(settled: bigint[], { start = 0n } = {}) {
  const clock = new ManualClock(NOW_MS);
  const log = new MemoryEventLog(2);
  const whole = new MemoryEventLogFollower(log, clock);
  const follower = Object.assign(Object.create(whole) as MemoryEventLogFollower, {
    extent: async (signal: AbortSignal) => {
      const { logId, partitions } = await whole.extent(signal);
      return { logId, partitions: partitions.map((each, at) => (at === 0 ? { ...each, start } : each)) };
    },
  });
  const batch = (secondsAgo: number) => {
    const receivedNanos = msToNanos(NOW_MS - secondsAgo * 1_000);
    return encodeBatch({ tenant: "default", producer: newProducer(NOW_MS), records: [{}], receivedNanos });
  };
  await log.append(0, [batch(90), batch(30), batch(20)]);
  await log.append(1, [batch(60)]);
  let asked = 0;
  const positions = {
    settled: async () => {
      asked++;
      return settled;
    },
  };
  const metrics = lagMetrics("s", { follower, positions, clock });
  const read = async () => {
    const [messages, behind] = await Promise.all(metrics.map((metric) => metric.read()));
    return { messages: messages!.map(({ value }) => value), seconds: behind!.map(({ value }) => value), asked };
  };
  return { clock, read };
}

describe("the lag of a store", () => {
  it.each([
    ["nothing is settled", [0n, 0n], [3, 1], 90],
    ["the other partition is settled", [1n, 1n], [2, 0], 30],
    ["all is settled", [3n, 1n], [0, 0], 0],
    ["the store knows one partition only", [3n], [0, 1], 60],
  ])("where %s", async (_, settled, messages, seconds) => {
    const { read } = await lagOf(settled);
    expect(await read()).toMatchObject({ messages, seconds: [seconds] });
  });

  it("does not vanish where the log does not hold any more what is not settled", async () => {
    const { read } = await lagOf([0n, 1n], { start: 1n });
    expect(await read()).toMatchObject({ messages: [3, 0], seconds: [30] });
  });

  it("is asked for once by all who look, and anew a moment later, also where the clock was set back", async () => {
    const { read, clock } = await lagOf([0n, 0n]);
    expect((await read()).asked).toBe(1);
    expect((await read()).asked).toBe(1);
    clock.set(-3_600_000);
    await clock.pass(LAG_AGE_MS_MAX);
    expect((await read()).asked).toBe(2);
  });
});
