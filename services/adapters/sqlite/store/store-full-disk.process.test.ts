import { unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { STORE_CHECKPOINT_EVERY_MS } from "../../../domain/limits.ts";
import { buildLoggedBatch, newProducer } from "../../../ports/build-logged-batch.ts";
import { counts, messages } from "../../../ports/contract-batches.ts";
import { ManualClock } from "../../../ports/manual-clock.ts";
import { describeOnSmallDisk, mountSmallDisk, type SmallDisk } from "../small-disk.fixture.ts";
import { StoreCheckpoints } from "./checkpoints.ts";
import { SqliteDeadLetters } from "./dead-letters.ts";
import { SqliteLogSink } from "./log-sink.ts";
import { findInconsistencies } from "./store-consistency.ts";
import { type OpenedStore, openStoreFile } from "./store-file.ts";
import { realClock, storedRecords } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

const MiB = 1024 * 1024;

describeOnSmallDisk("a store on a disk without room", () => {
  let disk: SmallDisk;
  let ballast: string;
  let path: string;
  let store: OpenedStore;
  const producer = newProducer();
  const { signal } = new AbortController();

  beforeEach(() => {
    disk = mountSmallDisk(16);
    ballast = join(disk.folder, "ballast");
    writeFileSync(ballast, Buffer.alloc(5 * MiB));
    path = join(disk.folder, "store.db");
    store = openStoreFile({ path, rebuildable: true, nowMs: Date.now() });
  });
  afterEach(() => {
    if (store.database.isOpen) store.database.close();
    disk.remove();
  });

  function makeSink() {
    const tables = new StoreTables(store.database);
    const clock = new ManualClock();
    const checkpoints = new StoreCheckpoints({
      tables,
      clock,
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      positions: () => [],
      onFinished: () => {},
    });
    checkpoints.start();
    const sink = new SqliteLogSink(tables, realClock, { checkpoints });
    return { clock, sink, checkpoints, deadLetters: new SqliteDeadLetters(tables, realClock) };
  }

  const batch = (index: number) =>
    buildLoggedBatch({ tenant: "t", producer, firstSeq: index * 500, records: messages(500, index * 500) });

  /** Stores from that batch on until one is refused; gives its number, and why. */
  async function storeUntilRefused({ sink, deadLetters, clock }: ReturnType<typeof makeSink>, first: number) {
    for (let index = first; ; index++) {
      const reason = await sink.store([batch(index)], deadLetters, signal).catch((error: unknown) => error);
      if (reason instanceof Error) return { index, reason };
      if (index % 10 === 0) await clock.pass(STORE_CHECKPOINT_EVERY_MS);
    }
  }

  it("is not available for more, gives what it has, and goes on when there is room", { timeout: 60_000 }, async () => {
    const parts = makeSink();
    const { index, reason } = await storeUntilRefused(parts, 0);
    expect(index).toBeGreaterThan(5);
    expect(reason).toMatchObject({
      kind: "store_unavailable",
      message: "there is no room on the disk for the store's file",
    });
    await parts.sink.check();
    expect(storedRecords(store.database, "t")).toHaveLength(index * 500);
    expect(findInconsistencies(store.database, { noneDropped: true })).toEqual([]);
    await expect(parts.sink.store([batch(index)], parts.deadLetters, signal)).rejects.toMatchObject({
      kind: "store_unavailable",
    });

    unlinkSync(ballast);
    const expected = counts({ stored: 500, duplicate: 500 });
    expect(await parts.sink.store([batch(index - 1), batch(index)], parts.deadLetters, signal)).toEqual(expected);
    expect(findInconsistencies(store.database, { noneDropped: true })).toEqual([]);
    await parts.checkpoints.stop();
  });

  it("is the same store when it is closed and opened while there is no room", { timeout: 60_000 }, async () => {
    const { index } = await storeUntilRefused(makeSink(), 0);
    store.database.close();
    store = openStoreFile({ path, rebuildable: false, nowMs: Date.now() });
    expect([store.isNew, store.setAside]).toEqual([false, undefined]);
    const parts = makeSink();
    expect(storedRecords(store.database, "t")).toHaveLength(index * 500);
    unlinkSync(ballast);
    expect(await parts.sink.store([batch(index)], parts.deadLetters, signal)).toEqual(counts({ stored: 500 }));
    expect(findInconsistencies(store.database, { noneDropped: true })).toEqual([]);
  });
});
