import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SettledRanges } from "../../../domain/settled-ranges.ts";
import { hasRefusedRecord, KILLED_BATCH_RECORDS, KILLED_LOG_ID } from "../log/killed-batches.fixture.ts";
import { findInconsistencies } from "./store-consistency.ts";
import { openStoreFile } from "./store-file.ts";
import { StorePositions } from "./store-positions.ts";
import { storedRecords } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

const SCRIPT = fileURLToPath(new URL("store-until-killed.fixture.ts", import.meta.url));
const BATCHES = 100_000; // More than anybody stores before it is killed.

describe("a process that is killed while it stores", () => {
  let folder: string;
  let path: string;
  const producerMs = Date.now();
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "logpulse-sqlite-"));
    path = join(folder, "store.db");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const start = (batches: number) =>
    spawn(process.execPath, [SCRIPT, path, String(producerMs), String(batches)], {
      stdio: ["ignore", "pipe", "inherit"],
    });

  /** What the file says, opened as the next process does. */
  function look() {
    const { database, setAside } = openStoreFile({ path, rebuildable: false, nowMs: Date.now() });
    const tables = new StoreTables(database);
    const [position] = new StorePositions(tables).positionsOf(KILLED_LOG_ID, 1);
    const records = ["tenant-0", "tenant-1"].flatMap((tenant) => storedRecords(database, tenant)).length;
    const { letters } = database.prepare("SELECT count(*) AS letters FROM dead_letters").get()!;
    const settled = tables.recordDays().flatMap((day) => database.prepare(`SELECT ranges FROM settled_${day}`).all());
    const found = {
      problems: findInconsistencies(database, { noneDropped: true }),
      setAside,
      position: Number(position),
      records,
      letters: Number(letters),
      settled: settled.reduce((sum, { ranges }) => sum + countSettled(ranges as Uint8Array), 0),
    };
    database.close();
    return found;
  }

  it("leaves whole transactions, a letter for each seq without a row, and goes on where it was", {
    timeout: 120_000,
  }, async () => {
    let before = 0;
    for (let round = 0; round < 10; round++) {
      const child = start(BATCHES);
      const exited = once(child, "exit");
      await once(child.stdout, "data");
      await sleep(10 + Math.random() * 200);
      child.kill("SIGKILL");
      await exited;
      const { problems, setAside, position, records, letters, settled } = look();
      expect([problems, setAside]).toEqual([[], undefined]);
      // The position is one behind at most: it moves after the records.
      const stored = records / KILLED_BATCH_RECORDS;
      expect(stored - position).toBeOneOf([0, 1]);
      expect(position).toBeGreaterThanOrEqual(before);
      const refused = Array.from({ length: stored }, (_, index) => index).filter(hasRefusedRecord).length;
      expect(settled).toBe(records + refused);
      expect(letters - refused).toBeOneOf([0, 1]); // It is kept before its seq is settled.
      before = position;
    }
    expect(before).toBeGreaterThan(0);

    const last = start(before + 20);
    expect(await once(last, "exit")).toEqual([0, null]);
    const { problems, position, records } = look();
    expect([problems, position, records]).toEqual([[], before + 20, (before + 20) * KILLED_BATCH_RECORDS]);
  });
});

function countSettled(encoded: Uint8Array): number {
  const ranges = SettledRanges.decode(encoded);
  let count = 0;
  // As the batches are: of each thousand seqs only the first ones.
  for (let first = 0; ranges.contains(first); first += 1_000) {
    for (let seq = first; ranges.contains(seq); seq++) count++;
  }
  return count;
}
