import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { LOG_CHECK_MS_MAX, LOG_MESSAGE_BYTES_MAX } from "../../../domain/limits.ts";
import { eventLogContract } from "../../../ports/event-log.contract.ts";
import type { EventLogReader } from "../../../ports/event-log.ts";
import { LogInFolder, newFolder, numbered, texts, until } from "./event-log.fixture.ts";

eventLogContract("sqlite", async () => {
  const place = new LogInFolder(await newFolder());
  const log = await place.open();
  // A reader belongs to one store, which is one group.
  const reader: EventLogReader = { read: (group, settle) => place.reader(log, group).read(group, settle) };
  return { log, reader, close: () => place.remove() };
});

describe("a SQLite file as the event log", () => {
  let place: LogInFolder;
  beforeEach(async () => {
    place = new LogInFolder(await newFolder());
  });
  afterEach(() => place.remove());

  const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(() => undefined).catch((error) => error);

  it("is the same log when it is opened again, and goes on where it was", async () => {
    const first = await place.open();
    await first.append(2, numbered(3));
    await first.close();
    const second = await place.open({ partitions: 7 });
    expect([second.logId, second.partitions, second.isWhole]).toEqual([first.logId, 3, true]);
    expect(second.signals.end(2)).toBe(3n);
    await second.append(2, numbered(2, 3));
    expect(texts(place.messages(2))).toEqual([..."01234"]);
  });

  it("keeps what comes while a commit is under way with the next one", async () => {
    const log = await place.open();
    await Promise.all(numbered(1_000).map((batch, at) => log.append(at % 3, [batch])));
    expect(log.commits).toBe(2);
    expect([0, 1, 2].map((partition) => place.messages(partition).length)).toEqual([334, 333, 333]);
  });

  it("refuses for ever what is larger than any message may be, and keeps nothing of that append", async () => {
    const log = await place.open();
    const reason = await errorOf(log.append(0, [Buffer.from("x"), Buffer.alloc(LOG_MESSAGE_BYTES_MAX + 1)]));
    expect(reason).toMatchObject({
      kind: "invalid_batch",
      message: `a message of ${LOG_MESSAGE_BYTES_MAX + 1} bytes is larger than the log's ${LOG_MESSAGE_BYTES_MAX}`,
    });
    await log.append(0, [Buffer.from("next")]);
    expect(texts(place.messages(0))).toEqual(["next"]);
  });

  it("has no partition outside of its own", async () => {
    const log = await place.open();
    for (const partition of [-1, 3, 1.5, Number.NaN]) {
      expect(await errorOf(log.append(partition, numbered(1)))).toMatchObject({ kind: "bug" });
      expect(await errorOf(log.raiseTo(partition, 1n))).toMatchObject({ kind: "bug" });
    }
  });

  it("refuses while it is told to, in the words it is told", async () => {
    let refusal: string | undefined = "the disk has 3 MiB left";
    const log = await place.open({ refusal: () => refusal });
    expect(await errorOf(log.append(0, numbered(1)))).toMatchObject({ kind: "log_unavailable", message: refusal });
    await log.check();
    refusal = undefined;
    await log.append(0, numbered(1));
    expect(place.messages(0)).toHaveLength(1);
  });

  it("refuses while too much waits to be stored, until it is settled", async () => {
    const log = await place.open({ bounds: { backlogBytesMax: 1_000 } });
    await log.append(0, [Buffer.alloc(900)]);
    const append = () => log.append(1, [Buffer.alloc(101)]);
    expect(await errorOf(append())).toMatchObject({
      kind: "log_unavailable",
      message: expect.stringMatching(/^900 bytes wait to be stored, of at most 1000/),
    });
    log.signals.raiseSettled(0, 1n);
    await append();
  });

  it("trims what is safe, now and then", async () => {
    const log = await place.open({ bounds: { trimEveryMs: 10, tailBytesKept: 0 } });
    await log.append(1, numbered(10));
    log.signals.raiseSettled(1, 8n);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(place.messages(1)).toHaveLength(10); // Settled, but not safe.
    log.signals.raiseSafe(1, 8n);
    await until(() => place.messages(1).length === 2);
    await log.append(1, numbered(1, 10));
    expect(texts(place.messages(1))).toEqual(["8", "9", "10"]);
  });

  it("can be raised to an offset, and remembers", async () => {
    const first = await place.open();
    await first.append(0, numbered(1));
    await first.raiseTo(0, 2n ** 53n + 1n);
    expect(first.signals.end(0)).toBe(2n ** 53n + 1n);
    await first.close();
    const second = await place.open();
    await second.append(0, numbered(1));
    expect(place.messages(0).map(({ offset }) => offset)).toEqual([0n, 2n ** 53n + 1n]);
  });

  it("keeps all that waits when it is closed, and takes no more", async () => {
    const log = await place.open();
    const appends = numbered(300).map((batch) => log.append(0, [batch]));
    const closed = log.close();
    for (const call of [log.append(0, numbered(1)), log.check(), log.raiseTo(0, 9n)]) {
      expect(await errorOf(call)).toMatchObject({ kind: "log_unavailable", message: "the log is closed" });
    }
    await Promise.all([...appends, closed, log.close()]);
    expect(place.messages(0)).toHaveLength(300);
    expect([place.faults, place.troubles]).toEqual([[], []]);
  });

  it("says within its time that it does not answer, and goes on when it can", { timeout: 15_000 }, async () => {
    const log = await place.open();
    const other = new DatabaseSync(place.path);
    onTestFinished(() => other.close());
    other.exec("BEGIN IMMEDIATE"); // The log thread waits for it.
    const appended = log.append(0, numbered(1));
    const begin = performance.now();
    expect(await errorOf(log.check())).toMatchObject({ kind: "log_unavailable", message: "the log does not answer" });
    expect(performance.now() - begin).toBeLessThan(LOG_CHECK_MS_MAX + 500);
    other.exec("ROLLBACK");
    await appended;
    await log.check();
    expect(place.faults).toEqual([]);
  });

  it("fails every call once its thread has died, and says so once", async () => {
    const posted = vi.spyOn(Worker.prototype, "postMessage");
    onTestFinished(() => posted.mockRestore());
    const log = await place.open();
    const thread = posted.mock.contexts[0] as unknown as Worker;
    const appends = numbered(10).map((batch) => errorOf(log.append(0, [batch])));
    await thread.terminate();
    const reasons = await Promise.all([...appends, errorOf(log.append(0, numbered(1))), errorOf(log.check())]);
    expect(reasons).toHaveLength(12);
    for (const reason of reasons) {
      expect(reason).toMatchObject({ kind: "log_unavailable", message: "the log's thread has died" });
    }
    await log.close();
    expect(place.faults).toEqual(["the log's thread has died"]);
  });

  it("says that its file is damaged, when it finds that out while it works", async () => {
    const log = await place.open({ bounds: { trimEveryMs: 20, tailBytesKept: 0 } });
    for (let at = 0; at < 120; at++) await log.append(0, [Buffer.alloc(100_000, at)]); // More than its memory for pages.
    const bytes = readFileSync(place.path);
    writeFileSync(place.path, bytes.fill(0xff, 2 * 8192));
    log.signals.raiseSafe(0, 100n);
    await until(() => place.faults.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100)); // It tries again, and finds the same.
    expect(place.faults).toEqual([expect.stringMatching(/^the log's file is damaged \(SQLite \d+\)$/)]);
  });

  it.each([
    ["in a folder that is not there", () => `${place.folder}/nowhere/log.db`],
    ["that is a folder", () => place.folder],
  ])("says that it cannot open a file %s", async (_what, path) => {
    expect(await errorOf(place.open({ path: path() }))).toMatchObject({ kind: "log_unavailable" });
    expect(place.faults).toEqual([]);
  });
});
