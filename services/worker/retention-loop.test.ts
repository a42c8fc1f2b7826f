import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { MemoryDeadLetterTable } from "../adapters/memory/dead-letter-table.ts";
import { LogPulseError } from "../domain/errors.ts";
import { DISK_LIMIT_EVERY_MS, RETENTION_AGAIN_MS, RETENTION_EVERY_MS } from "../domain/limits.ts";
import type { Logger } from "../ports/logger.ts";
import { ManualClock } from "../ports/manual-clock.ts";
import type { FirstDays, KeptDays, Retention } from "../ports/retention.ts";
import { RetentionLoop } from "./retention-loop.ts";

const DAY_MS = 86_400_000;
const TODAY = 20_000;
const NOW_MS = TODAY * DAY_MS + 13 * 3_600_000;

/** Keeps what it was asked; fails as often as it is told before. */
class RetentionStub implements Retention {
  readonly name = "stub";
  asked: FirstDays[] = [];
  failures: unknown[] = [];
  dropped: number[] = [];
  unfinished: unknown;
  async keepFrom(first: FirstDays): Promise<KeptDays> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.asked.push(first);
    return { firstDay: first.records, dropped: this.dropped, unfinished: this.unfinished };
  }
}

function retentionLoop({ newestMs = NOW_MS as number | undefined, withTable = false } = {}) {
  const clock = new ManualClock(NOW_MS);
  const retention = new RetentionStub();
  const table = new MemoryDeadLetterTable(clock);
  const lines: string[] = [];
  const note = (_facts: object, message: string) => void lines.push(message);
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const newest = { ms: newestMs };
  const loop = new RetentionLoop({
    retention,
    table: withTable ? table : undefined,
    days: { records: 30, rollups: 90, deadLetters: 7 },
    newestReceivedMs: () => newest.ms,
    clock,
    random: () => 1,
    logger,
  });
  return { clock, retention, table, lines, newest, loop };
}

const kept = (today: number): FirstDays => ({ records: today - 30, rollups: today - 90 });

describe("the retention loop", () => {
  it("drops at the start and again and again, as the time goes on", async () => {
    const { clock, retention, newest, loop } = retentionLoop();
    loop.start();
    await clock.pass(0);
    expect(retention.asked).toEqual([kept(TODAY)]);
    await clock.pass(RETENTION_EVERY_MS - 1);
    expect(retention.asked).toHaveLength(1);
    newest.ms = NOW_MS + DAY_MS;
    await clock.pass(DAY_MS);
    expect(retention.asked.at(-1)).toEqual(kept(TODAY + 1));
    await loop.stop();
    await clock.pass(DAY_MS);
    expect(retention.asked).toHaveLength(2);
  });

  it("goes by the earlier of the two clocks: the worker's own and the log's", async () => {
    const ahead = retentionLoop();
    await ahead.clock.pass(40 * DAY_MS);
    ahead.loop.start();
    await ahead.clock.pass(0);
    expect(ahead.retention.asked).toEqual([kept(TODAY)]);
    await ahead.loop.stop();

    const behind = retentionLoop({ newestMs: NOW_MS + 40 * DAY_MS });
    behind.loop.start();
    await behind.clock.pass(0);
    expect(behind.retention.asked).toEqual([kept(TODAY)]);
    await behind.loop.stop();
  });

  it("counts what was dropped before something was in the way, and comes again soon", async () => {
    const { clock, retention, loop } = retentionLoop();
    retention.dropped = [1, 2];
    retention.unfinished = new LogPulseError("store_unavailable", "a table is in use");
    loop.start();
    await clock.pass(0);
    expect(loop.totals).toMatchObject({ daysDropped: 2, failures: 1 });
    retention.unfinished = undefined;
    await clock.pass(RETENTION_AGAIN_MS);
    expect(loop.totals).toMatchObject({ daysDropped: 4, failures: 1 });
    await loop.stop();
  });

  it("drops nothing before it has seen a batch, and soon after", async () => {
    const { clock, retention, newest, loop, lines } = retentionLoop();
    newest.ms = undefined;
    loop.start();
    await clock.pass(RETENTION_EVERY_MS);
    expect(retention.asked).toEqual([]);
    newest.ms = NOW_MS;
    await clock.pass(RETENTION_AGAIN_MS);
    expect(retention.asked).toEqual([kept(TODAY)]);
    expect(lines).toEqual([]);
    await loop.stop();
  });

  it("tells of failures, tries again soon, and never ends by itself", async () => {
    const { clock, retention, lines, loop } = retentionLoop();
    retention.failures = [new LogPulseError("store_unavailable", "away"), new TypeError("a bug of ours")];
    loop.start();
    await clock.pass(0);
    await clock.pass(RETENTION_AGAIN_MS);
    expect(retention.asked).toEqual([]);
    expect(lines).toEqual(Array(2).fill("could not drop old days of stub; trying again soon"));
    await clock.pass(RETENTION_AGAIN_MS);
    expect(retention.asked).toEqual([kept(TODAY)]);
    expect(loop.totals).toEqual({ daysDropped: 0, deadLettersForgotten: 0, failures: 2 });
    await loop.stop();
  });

  it("tells which days it dropped, and counts them", async () => {
    const { clock, retention, lines, loop } = retentionLoop();
    retention.dropped = [19_900, 19_901];
    loop.start();
    await clock.pass(0);
    expect(loop.totals.daysDropped).toBe(2);
    expect(lines).toEqual(["days that are no longer kept were dropped"]);
    await loop.stop();
  });

  it("forgets dead letters when their days are over", async () => {
    const { clock, table, newest, loop } = retentionLoop({ withTable: true });
    await table.fill([create(DeadLetterSchema, { id: "old" })]);
    await clock.pass(DAY_MS);
    await table.fill([create(DeadLetterSchema, { id: "new" })]);
    await clock.pass(6 * DAY_MS + 1);
    newest.ms = clock.nowMs();
    loop.start();
    await clock.pass(0);
    expect(table.all().map(({ id }) => id)).toEqual(["new"]);
    expect(loop.totals.deadLettersForgotten).toBe(1);
    await loop.stop();
  });

  it("looks at the disk every few seconds, whether a batch was seen or not", async () => {
    const clock = new ManualClock(NOW_MS);
    const retention = new RetentionStub();
    const disk = { usedBytes: 900, days: [19_998, 19_999, 20_000] };
    const loop = new RetentionLoop({
      retention,
      table: undefined,
      days: { records: 30, rollups: 90, deadLetters: 7 },
      newestReceivedMs: () => undefined,
      disk: { use: { usedBytes: async () => disk.usedBytes, recordDays: async () => disk.days }, bytesMax: 1_000 },
      clock,
      random: () => 1,
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    });
    loop.start();
    await clock.pass(0);
    expect(retention.asked).toEqual([]);
    disk.usedBytes = 1_001;
    retention.keepFrom = async (first) => {
      retention.asked.push(first);
      disk.usedBytes = 800;
      return { firstDay: first.records, dropped: [19_998] };
    };
    await clock.pass(DISK_LIMIT_EVERY_MS);
    expect(retention.asked).toEqual([{ records: 19_999, rollups: 0 }]);
    expect([loop.totals.daysDropped, loop.overDiskLimit]).toEqual([1, undefined]);
    [disk.usedBytes, disk.days] = [1_200, [19_999, 20_000]];
    await clock.pass(DISK_LIMIT_EVERY_MS);
    expect(loop.overDiskLimit).toEqual({ usedBytes: 1_200, bytesMax: 1_000 });
    disk.usedBytes = 900;
    await clock.pass(DISK_LIMIT_EVERY_MS);
    expect(loop.overDiskLimit).toBeUndefined();
    await loop.stop();
  });

  it("stops in the middle of a turn", async () => {
    const { clock, retention, lines, loop } = retentionLoop();
    retention.keepFrom = (_first: FirstDays, signal?: AbortSignal) =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    loop.start();
    await clock.pass(0);
    await loop.stop();
    expect(lines).toEqual([]);
    expect(loop.totals.failures).toBe(0);
  });
});
