import { beforeEach, describe, expect, it } from "vitest";
import { LogPulseError } from "../domain/errors.ts";
import type { DiskUse } from "../ports/disk-use.ts";
import type { FirstDays, KeptDays, Retention } from "../ports/retention.ts";
import { DiskLimit } from "./disk-limit.ts";

const BYTES_MAX = 1_000;

/** Days and the bytes of each, and some that belong to no day. */
class StoreStub implements Retention, DiskUse {
  readonly name = "stub";
  asked: FirstDays[] = [];
  failure: unknown;
  unfinished: unknown;
  readonly days: Map<number, number>;
  private readonly otherBytes: number;

  constructor(days: Record<number, number>, otherBytes = 0) {
    this.days = new Map(Object.entries(days).map(([day, bytes]) => [Number(day), bytes]));
    this.otherBytes = otherBytes;
  }

  async usedBytes(): Promise<number> {
    return this.otherBytes + this.days.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  async recordDays(): Promise<number[]> {
    return [...this.days.keys()];
  }

  async keepFrom(first: FirstDays): Promise<KeptDays> {
    if (this.failure !== undefined) throw this.failure;
    this.asked.push(first);
    const dropped = [...this.days.keys()].filter((day) => day < first.records);
    for (const day of dropped) this.days.delete(day);
    return { firstDay: first.records, dropped, unfinished: this.unfinished };
  }
}

describe("the limit of the disk", () => {
  let lines: string[] = [];
  beforeEach(() => {
    lines = [];
  });
  const note = (level: string) => (_facts: object, message: string) => void lines.push(`${level}: ${message}`);
  const limitOf = (store: StoreStub) =>
    new DiskLimit({
      retention: store,
      diskUse: store,
      bytesMax: BYTES_MAX,
      logger: { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") },
    });
  const { signal } = new AbortController();

  const CASES: [name: string, days: Record<number, number>, otherBytes: number, left: number[], isOver: boolean][] = [
    ["drops nothing within it", { 10: 300, 11: 300, 12: 400 }, 0, [10, 11, 12], false],
    ["drops the oldest day over it", { 10: 300, 11: 300, 12: 401 }, 0, [11, 12], false],
    ["drops as many as it takes, and no more", { 5: 1, 7: 900, 9: 500, 11: 400, 12: 100 }, 0, [9, 11, 12], false],
    ["leaves the newest day and the one before it", { 10: 10, 11: 600, 12: 600 }, 0, [11, 12], true],
    ["leaves a newest day that is too large alone", { 10: 10, 12: 6_000 }, 0, [12], true],
    ["drops the day before a gap", { 10: 600, 12: 600 }, 0, [12], false],
    ["can do nothing about what belongs to no day", {}, 2_000, [], true],
    ["counts what belongs to no day", { 1: 100, 2: 100, 3: 100, 4: 100 }, 800, [3, 4], false],
  ];
  it.each(CASES)("%s", async (_name, days, otherBytes, left, isOver) => {
    const store = new StoreStub(days, otherBytes);
    const limit = limitOf(store);
    const before = store.days.size;
    expect(await limit.look(signal)).toBe(before - left.length);
    expect([...store.days.keys()]).toEqual(left);
    expect(limit.over).toEqual(isOver ? { usedBytes: await store.usedBytes(), bytesMax: BYTES_MAX } : undefined);
    expect(store.asked.map(({ rollups }) => rollups)).toEqual(store.asked.map(() => 0));
    expect(lines.filter((line) => line.startsWith("error"))).toHaveLength(isOver ? 1 : 0);
  });

  it("says once that it cannot help, and once that it is over", async () => {
    const store = new StoreStub({ 11: 600, 12: 600 });
    const limit = limitOf(store);
    for (let times = 0; times < 3; times++) await limit.look(signal);
    store.days.set(12, 700);
    await limit.look(signal);
    expect(limit.over).toEqual({ usedBytes: 1_300, bytesMax: BYTES_MAX });
    store.days.set(13, 100);
    for (let times = 0; times < 3; times++) await limit.look(signal);
    expect(limit.over).toBeUndefined();
    expect(lines.map((line) => line.split(":")[0])).toEqual(["error", "warn", "info"]);
  });

  it("tells its caller what went wrong, and goes on the next time", async () => {
    const store = new StoreStub({ 10: 900, 11: 600, 12: 300 });
    const limit = limitOf(store);
    store.failure = new LogPulseError("store_unavailable", "away");
    await expect(limit.look(signal)).rejects.toMatchObject({ kind: "store_unavailable" });
    store.failure = undefined;
    store.unfinished = new LogPulseError("store_unavailable", "not all of it");
    await expect(limit.look(signal)).rejects.toThrow("not all of it");
    store.unfinished = undefined;
    expect(await limit.look(signal)).toBe(0);
    expect([...store.days.keys()]).toEqual([11, 12]);
  });
});
