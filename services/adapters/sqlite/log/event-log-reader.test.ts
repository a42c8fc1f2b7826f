import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { FETCH_BYTES_PER_PARTITION_MAX, LOG_MESSAGE_BYTES_MAX, RETRY_WAIT_MS_MIN } from "../../../domain/limits.ts";
import type { Delivery } from "../../../ports/event-log.ts";
import { ManualClock } from "../../../ports/manual-clock.ts";
import { LogInFolder, MemoryPositions, newFolder, numbered, texts, until } from "./event-log.fixture.ts";
import type { SqliteEventLog } from "./event-log.ts";
import type { SqliteReaderSettings } from "./event-log-reader.ts";

describe("SqliteEventLogReader", () => {
  let place: LogInFolder;
  let log: SqliteEventLog;
  let positions: MemoryPositions;
  beforeEach(async () => {
    place = new LogInFolder(await newFolder());
    log = await place.open({ bounds: { trimEveryMs: 5, tailBytesKept: 0 } });
    positions = new MemoryPositions();
  });
  afterEach(() => place.remove());

  const read = async (
    settle: (delivery: Delivery) => Promise<void>,
    settings: Partial<SqliteReaderSettings> = {},
    group = "store",
  ) => {
    const reading = await place.reader(log, "store", { positions, ...settings }).read(group, settle);
    onTestFinished(() => reading.stop());
    return reading;
  };
  const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(() => undefined).catch((error) => error);
  const position = (partition: number) => positions.positionsOf(log.logId, 3)[partition];
  const trimTo = async (partition: number, offset: bigint, left: number) => {
    log.signals.raiseSafe(partition, offset);
    await until(() => place.messages(partition).length === left);
  };

  it("delivers no more bytes at once than it may; a larger message goes alone, and none comes twice", async () => {
    const mib = 2 ** 20;
    const sizes = [mib, mib, mib, mib, mib, LOG_MESSAGE_BYTES_MAX, 1, FETCH_BYTES_PER_PARTITION_MAX, 1];
    for (const [at, size] of sizes.entries()) await log.append(0, [Buffer.alloc(size, at)]);
    const deliveries: number[][] = [];
    await read(async ({ messages }) => void deliveries.push(messages.map(({ bytes }) => bytes.length)));
    await until(() => deliveries.flat().length >= sizes.length);
    expect(deliveries).toEqual([
      [mib, mib, mib, mib],
      [mib],
      [LOG_MESSAGE_BYTES_MAX],
      [1],
      [FETCH_BYTES_PER_PARTITION_MAX],
      [1],
    ]);
  });

  it("says what is settled, when it is and not before", async () => {
    await log.append(0, numbered(3));
    const settled: bigint[] = [];
    const gate = Promise.withResolvers<void>();
    await read(() => {
      settled.push(log.signals.settled(0));
      return gate.promise;
    });
    await until(() => settled.length === 1);
    gate.resolve();
    await until(() => log.signals.settled(0) === 3n);
    expect([settled, position(0), log.signals.safe(0)]).toEqual([[0n], 3n, 0n]);
  });

  it("says what was settled in an earlier life, as soon as it reads", async () => {
    await log.append(1, numbered(5));
    positions.commit(log.logId, 1, 4n);
    const found: string[] = [];
    const gate = Promise.withResolvers<void>();
    await read(({ messages }) => {
      found.push(...texts(messages));
      return gate.promise;
    });
    expect(log.signals.settled(1)).toBe(4n);
    await until(() => found.length > 0);
    expect(found).toEqual(["4"]);
    gate.resolve();
  });

  it("begins at the first message where the store has read another log", async () => {
    await log.append(0, numbered(2));
    positions.commit("another log", 0, 1n);
    const found: string[] = [];
    await read(async ({ messages }) => void found.push(...texts(messages)));
    await until(() => found.length === 2);
  });

  it("counts what was trimmed away before the store had it, and goes on behind it", async () => {
    await log.append(0, numbered(10));
    await log.append(1, numbered(4));
    await trimTo(0, 7n, 3);
    await trimTo(1, 4n, 0);
    positions.commit(log.logId, 0, 2n);
    const found: string[] = [];
    await read(async ({ messages }) => void found.push(...texts(messages)));
    await until(() => place.lost.length === 2);
    expect([found, place.lost.toSorted(), position(0), position(1)]).toEqual([
      ["7", "8", "9"],
      ["0: 5", "1: 4"],
      10n,
      4n,
    ]);
    await log.append(1, numbered(1, 4));
    await until(() => found.length === 4);
    expect(place.lost).toHaveLength(2);
  });

  it("refuses to read on behind the log's end, until that is raised; then nothing is lost", async () => {
    await log.append(2, numbered(3));
    positions.commit(log.logId, 2, 8n);
    const found: bigint[] = [];
    const readAll = () => read(async ({ messages }) => void found.push(...messages.map(({ offset }) => offset)));
    expect(await errorOf(readAll())).toMatchObject({
      kind: "bug",
      message: "the store is at 8 in partition 2, the log ends at 3",
    });
    await log.raiseTo(2, 8n);
    await readAll();
    await log.append(2, numbered(1));
    await until(() => found.length === 1);
    expect([found, place.lost]).toEqual([[8n], []]);
  });

  it("delivers again, with growing waits, what was not settled, and says so", async () => {
    await log.append(0, numbered(1));
    const clock = new ManualClock();
    let tries = 0;
    const settle = async () => {
      if (++tries < 4) throw new Error("not settled, says the test");
    };
    await read(settle, { clock });
    for (const [at, waitMs] of [RETRY_WAIT_MS_MIN, 2 * RETRY_WAIT_MS_MIN, 4 * RETRY_WAIT_MS_MIN].entries()) {
      await until(() => place.warnings.length === at + 1);
      await clock.pass(waitMs - 1);
      expect(tries).toBe(at + 1);
      await clock.pass(1);
      await until(() => tries === at + 2);
    }
    await until(() => log.signals.settled(0) === 1n);
    tries = 2;
    await log.append(0, numbered(1));
    await until(() => tries === 3);
    await clock.pass(RETRY_WAIT_MS_MIN); // What went well in between counts.
    await until(() => log.signals.settled(0) === 2n);
    expect(new Set(place.warnings)).toEqual(new Set(["a delivery of the log was not settled; it comes again"]));
  });

  it("delivers again where the position could not be kept", async () => {
    await log.append(0, numbered(2));
    let failures = 2;
    const commit = positions.commit.bind(positions);
    positions.commit = (...args) => {
      if (failures-- > 0) throw new Error("the store has no room");
      commit(...args);
    };
    const found: string[] = [];
    await read(async ({ messages }) => void found.push(texts(messages).join()));
    await until(() => log.signals.settled(0) === 2n);
    expect([found, position(0)]).toEqual([["0,1", "0,1", "0,1"], 2n]);
  });

  it("does not wait for its clock when it is stopped between two tries", async () => {
    await log.append(0, numbered(1));
    const reading = await read(() => Promise.reject(new Error("never")), { clock: new ManualClock() });
    await until(() => place.warnings.length === 1);
    await reading.stop();
    expect(position(0)).toBe(0n);
  });

  it("goes on where it stood when it is stopped and begun again", async () => {
    const found: string[] = [];
    for (const round of [0, 1, 2]) {
      const reading = await read(async ({ messages }) => void found.push(...texts(messages)));
      await log.append(0, numbered(2, 2 * round));
      await until(() => found.length === 2 * round + 2);
      await reading.stop();
    }
    expect(found).toEqual([..."012345"]);
  });

  it("reads for one group only", async () => {
    await read(async () => undefined);
    expect(await errorOf(read(async () => undefined, {}, "another"))).toMatchObject({
      kind: "bug",
      message: "the log is read by store, not by another",
    });
  });

  it("delivers what stands before damage, and then says that the file is damaged", async () => {
    for (let at = 0; at < 100; at++) await log.append(0, [Buffer.alloc(100_000, at)]);
    await log.close();
    const bytes = readFileSync(place.path);
    writeFileSync(place.path, bytes.fill(0xff, Math.floor(bytes.length * 0.8), Math.floor(bytes.length * 0.9)));
    log = await place.open();
    const found: bigint[] = [];
    await read(async ({ messages }) => void found.push(...messages.map(({ offset }) => offset)));
    await until(() => place.faults.length > 0);
    expect(place.faults[0]).toMatch(/^the log's file is damaged \(SQLite \d+\)$/);
    expect(found).toEqual(found.map((_, at) => BigInt(at)));
    expect(found.length).toBeGreaterThan(30);
    expect(position(0)).toBe(BigInt(found.length));
  });
});
