import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  SQLITE_WAL_BYTES_MAX,
  STORE_CHECKPOINT_EVERY_MS,
  STORE_CHECKPOINT_WAIT_MS_MAX,
} from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import { ManualClock } from "../../../ports/manual-clock.ts";
import { openDatabase } from "../database.ts";
import { StoreCheckpoints } from "./checkpoints.ts";
import { makeTestFile, realClock, type TestFile } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

const MiB = 1024 * 1024;

describe("checkpoints of the store", () => {
  let file: TestFile;
  let tables: StoreTables;
  let position = 0n;
  let finished: bigint[] = [];
  let warnings: string[] = [];
  const readers: DatabaseSync[] = [];
  const never = new AbortController().signal;

  beforeEach(() => {
    file = makeTestFile();
    tables = new StoreTables(file.database);
    tables.create();
    file.database.exec("CREATE TABLE filler (id INTEGER PRIMARY KEY, bytes BLOB)");
    [position, finished, warnings] = [0n, [], []];
  });
  afterEach(() => {
    for (const reader of readers.splice(0)) if (reader.isOpen) reader.close();
    file.remove();
  });

  const checkpointsWith = (clock: Clock) =>
    new StoreCheckpoints({
      tables,
      clock,
      logger: { debug: () => {}, info: () => {}, warn: (_facts, message) => warnings.push(message), error: () => {} },
      positions: () => [position],
      onFinished: ([told]) => finished.push(told!),
    });

  /** Commits about so many bytes, and moves the position. */
  function commit(bytes: number): void {
    tables.transaction((database) => {
      const insert = database.prepare("INSERT INTO filler (bytes) VALUES (zeroblob(8000))");
      for (let written = 0; written < bytes; written += 8_000) insert.run();
    });
    position++;
  }

  /** A reader in the middle of a read, until it is closed. */
  function startReading(): DatabaseSync {
    const reader = openDatabase(file.path, { readOnly: true, synchronous: "NORMAL", cacheKiB: 1_000 });
    readers.push(reader);
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM filler").get();
    return reader;
  }

  const walBytes = () => statSync(`${file.path}-wal`).size;

  it("are made now and then, and tell the position that was committed before", async () => {
    const clock = new ManualClock();
    const checkpoints = checkpointsWith(clock);
    commit(1 * MiB);
    checkpoints.start();
    expect(finished).toEqual([1n]);
    commit(1 * MiB);
    commit(1 * MiB);
    expect(finished).toEqual([1n]);
    await clock.pass(STORE_CHECKPOINT_EVERY_MS);
    expect(finished).toEqual([1n, 3n]);
    commit(1 * MiB);
    await checkpoints.stop();
    expect(finished).toEqual([1n, 3n, 4n]);
    await clock.pass(STORE_CHECKPOINT_EVERY_MS);
    expect(finished).toHaveLength(3);
  });

  it("are made by bytes too, so that the WAL stays short where nothing else gets its turn", () => {
    checkpointsWith(new ManualClock());
    for (let times = 0; times < 40; times++) commit(4 * MiB);
    expect(finished.length).toBeGreaterThan(5);
    expect(walBytes()).toBeLessThan(24 * MiB);
  });

  it("are not finished while a reader is where the WAL was before", async () => {
    const clock = new ManualClock();
    const checkpoints = checkpointsWith(clock);
    commit(1 * MiB);
    const reader = startReading();
    commit(1 * MiB);
    checkpoints.start();
    await clock.pass(STORE_CHECKPOINT_EVERY_MS);
    expect(finished).toEqual([]);
    reader.close();
    await clock.pass(STORE_CHECKPOINT_EVERY_MS);
    expect(finished).toEqual([2n]);
    await checkpoints.stop();
  });

  it("keep the WAL within its limit while there is always a reader", { timeout: 60_000 }, async () => {
    const checkpoints = checkpointsWith(realClock);
    startReading();
    const change = setInterval(() => {
      startReading();
      readers.shift()!.close();
    }, 5);
    let longest = 0;
    for (let times = 0; times < 60; times++) {
      await checkpoints.room(never);
      commit(4 * MiB);
      longest = Math.max(longest, walBytes());
    }
    clearInterval(change);
    expect(longest).toBeLessThan(SQLITE_WAL_BYTES_MAX);
    expect(longest).toBeGreaterThan(16 * MiB);
    expect(finished.length).toBeGreaterThan(1);
  });

  it("refuse room where a reader never ends, and give it at once where the caller has gone", async () => {
    const clock = new ManualClock();
    const checkpoints = checkpointsWith(clock);
    startReading();
    commit(40 * MiB);
    const waiting = checkpoints.room(never);
    const refused = expect(waiting).rejects.toMatchObject({ kind: "store_unavailable" });
    for (let ms = 0; ms <= STORE_CHECKPOINT_WAIT_MS_MAX; ms += 1_000) await clock.pass(1_000);
    await refused;

    const caller = new AbortController();
    const gone = checkpoints.room(caller.signal);
    caller.abort(new Error("gone"));
    await gone;
  });

  it("fail no commit, are logged and counted where they fail", async () => {
    const checkpoints = checkpointsWith(new ManualClock());
    commit(1 * MiB);
    file.database.close();
    await checkpoints.stop();
    expect(finished).toEqual([]);
    expect(checkpoints.failures).toBe(1);
    expect(warnings).toEqual(["a checkpoint of the store's file failed"]);
  });
});
