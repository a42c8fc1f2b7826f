import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appendTo, WrittenLog } from "./log-file.fixture.ts";

const COMMITS = 60;
const CUTS = 70;

/** A crash of the machine can leave any part of what was not on the disk yet. What was acknowledged is on the disk. */
describe("a log whose WAL was torn by a crash", () => {
  let crashed: WrittenLog;
  let log: WrittenLog;
  let written: string[];
  let wal: Buffer;

  beforeEach(async () => {
    crashed = await WrittenLog.make();
    log = await WrittenLog.make();
    const file = crashed.open();
    written = [];
    for (let at = 0; at < COMMITS; at++) {
      // Some are smaller than a page, some are many pages.
      const batches = Array.from({ length: 1 + (at % 3) }, (_, of) => Buffer.from(`${at}.${of} `.repeat(at * at)));
      appendTo(file, 0, batches);
      written.push(...batches.map((batch) => batch.toString("latin1")));
    }
    wal = readFileSync(`${crashed.place.path}-wal`);
  });
  afterEach(async () => {
    await crashed.remove();
    await log.remove();
  });

  /** What is found when the log is opened with that WAL; it also takes another message then. */
  const foundWith = (wal: Buffer) => {
    const { path } = log.place;
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    copyFileSync(crashed.place.path, path);
    writeFileSync(`${path}-wal`, wal);
    const file = log.open();
    const found = log.place.messages(0);
    appendTo(file, 0, [Buffer.from("after")]);
    expect(log.place.messages(0).at(-1)).toEqual({ partition: 0, offset: BigInt(found.length), bytes: after });
    log.close(file);
    expect(found.map(({ offset }) => Number(offset))).toEqual(found.map((_, at) => at));
    return found.map(({ bytes }) => Buffer.from(bytes).toString("latin1"));
  };
  const after = new Uint8Array(Buffer.from("after"));

  it("has everything where nothing was torn", () => {
    expect(foundWith(wal)).toEqual(written);
  });

  it("has everything up to some commit, in order, wherever it was cut off", { timeout: 30_000 }, () => {
    const counts: number[] = [];
    for (let cut = 0; cut <= CUTS; cut++) {
      const found = foundWith(wal.subarray(0, Math.floor((wal.length * cut) / CUTS)));
      expect(found).toEqual(written.slice(0, found.length));
      counts.push(found.length);
    }
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect([counts[0], counts.at(-1)]).toEqual([0, written.length]);
    expect(new Set(counts).size).toBeGreaterThan(COMMITS / 3);
  });

  it("has everything up to some commit where its end is rubbish", () => {
    for (const share of [0.2, 0.5, 0.9, 0.999]) {
      const torn = Buffer.from(wal);
      torn.fill(0xa5, Math.floor(wal.length * share));
      const found = foundWith(torn);
      expect(found).toEqual(written.slice(0, found.length));
      expect(found.length).toBeLessThan(written.length);
    }
  });
});
