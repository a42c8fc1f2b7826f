import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  LOG_CHECKPOINT_BYTES,
  LOG_TRIM_BYTES_MAX,
  LOG_TRIM_MESSAGES_MAX,
  SQLITE_WAL_BYTES_MAX,
} from "../../../domain/limits.ts";
import { numbered, texts } from "./event-log.fixture.ts";
import { appendTo, makeSafe, WrittenLog } from "./log-file.fixture.ts";
import type { LogFile } from "./log-file.ts";

const MIB = 2 ** 20;

describe("LogFile", () => {
  let log: WrittenLog;
  beforeEach(async () => {
    log = await WrittenLog.make();
  });
  afterEach(() => log.remove());

  const bytesOf = (count: number, length: number) => Array.from({ length: count }, () => Buffer.alloc(length, 7));
  const trimAll = (file: LogFile) => {
    let transactions = 0;
    while (file.trimSome()) transactions++;
    return transactions;
  };

  describe("appending", () => {
    it("goes on at the next offset when it is opened again", () => {
      const first = log.open();
      appendTo(first, 0, numbered(3));
      appendTo(first, 1, numbered(1, 100));
      const { logId } = first;
      log.close(first);
      const second = log.open();
      expect([second.logId, second.signals.end(0), second.signals.end(1)]).toEqual([logId, 3n, 1n]);
      appendTo(second, 0, numbered(2, 3));
      expect([log.offsets(0), texts(log.place.messages(0))]).toEqual([[0, 1, 2, 3, 4], [..."01234"]]);
    });

    it("keeps nothing of a commit that fails, and says no end that is not kept", () => {
      const file = log.open();
      const other = new DatabaseSync(log.place.path);
      other.exec("CREATE TRIGGER no BEFORE INSERT ON messages_1 BEGIN SELECT RAISE(ABORT, 'says the test'); END");
      const messages = new Uint32Array([0, 1, 1, 1]);
      expect(() => file.append({ bytes: Buffer.from("ab"), messages })).toThrow("says the test");
      other.exec("DROP TRIGGER no");
      other.close();
      expect([log.offsets(0), file.signals.end(0)]).toEqual([[], 0n]);
      file.append({ bytes: Buffer.from("ab"), messages });
      expect([texts(log.place.messages(0)), texts(log.place.messages(1))]).toEqual([["a"], ["b"]]);
    });

    it("refuses, with numbers, what would wait beyond the bound, over all partitions", () => {
      const file = log.open({ backlogBytesMax: 1_000 });
      appendTo(file, 0, bytesOf(2, 300));
      appendTo(file, 1, bytesOf(1, 400));
      const append = () => appendTo(file, 1, bytesOf(1, 300));
      expect(append).toThrow(/^1000 bytes wait to be stored, of at most 1000/);
      expect(append).toThrow(expect.objectContaining({ kind: "log_unavailable" }));
      file.signals.raiseSettled(0, 1n);
      append();
      expect(append).toThrow("1000 bytes wait");
      expect([log.offsets(0), log.offsets(1)]).toEqual([
        [0, 1],
        [0, 1],
      ]);
    });

    it("knows the backlog when it is opened again, also where all that is settled is trimmed away", () => {
      const first = log.open();
      appendTo(first, 0, bytesOf(5, 100));
      makeSafe(first, 0, 3n);
      trimAll(first);
      log.close(first);
      const file = log.open({ backlogBytesMax: 250 });
      const append = () => appendTo(file, 0, bytesOf(1, 100));
      expect(append).toThrow("200 bytes wait"); // Before the store has said where it is: what the file holds.
      file.signals.raiseSettled(0, 4n);
      append();
    });
  });

  describe("trimming", () => {
    it.each([
      { safe: 10n, tail: 0, left: [] },
      { safe: 8n, tail: 0, left: [8, 9] },
      { safe: 8n, tail: 250, left: [5, 6, 7, 8, 9] },
      { safe: 8n, tail: 300, left: [5, 6, 7, 8, 9] },
      { safe: 8n, tail: 301, left: [4, 5, 6, 7, 8, 9] },
      { safe: 8n, tail: 5_000, left: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
      { safe: 0n, tail: 0, left: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
    ])("leaves $left of ten messages of 100 bytes, safe before $safe, with a tail of $tail", ({ safe, tail, left }) => {
      const file = log.open({ tailBytesKept: tail });
      appendTo(file, 1, bytesOf(10, 100));
      appendTo(file, 0, bytesOf(1, 100));
      makeSafe(file, 1, safe);
      trimAll(file);
      expect([log.offsets(1), log.offsets(0)]).toEqual([left, [0]]);
    });

    it("leaves messages without bytes that are not safe", () => {
      const file = log.open();
      appendTo(file, 0, bytesOf(6, 0));
      makeSafe(file, 0, 4n);
      trimAll(file);
      expect(log.offsets(0)).toEqual([4, 5]);
    });

    it("does little in one transaction, counted in messages and in bytes", () => {
      const file = log.open();
      appendTo(file, 0, bytesOf(2 * LOG_TRIM_MESSAGES_MAX + 1, 1));
      appendTo(file, 1, bytesOf(5, LOG_TRIM_BYTES_MAX / 2));
      appendTo(file, 1, bytesOf(1, LOG_TRIM_BYTES_MAX + 1));
      makeSafe(file, 0, file.signals.end(0));
      makeSafe(file, 1, file.signals.end(1));
      const left: number[] = [];
      while (file.trimSome()) left.push(log.offsets(0).length, log.offsets(1).length);
      const max = LOG_TRIM_MESSAGES_MAX;
      expect(left).toEqual([max + 1, 6, 1, 6, 0, 6, 0, 4, 0, 2, 0, 1, 0, 0]);
    });

    it("keeps offsets and sums when nothing is left, also when it is opened again", () => {
      const first = log.open();
      expect(first.isWhole).toBe(true);
      appendTo(first, 0, bytesOf(7, 100));
      makeSafe(first, 0, 7n);
      trimAll(first);
      appendTo(first, 0, bytesOf(1, 100));
      makeSafe(first, 0, 8n);
      trimAll(first);
      log.close(first);
      const second = log.open({ backlogBytesMax: 150 });
      expect([second.signals.end(0), second.isWhole]).toEqual([8n, false]);
      appendTo(second, 0, bytesOf(1, 100));
      expect(log.offsets(0)).toEqual([8]);
      expect(() => appendTo(second, 0, bytesOf(1, 100))).toThrow("100 bytes wait");
    });

    it("gives the room of what was trimmed to what comes", () => {
      const file = log.open({ tailBytesKept: MIB });
      for (let round = 0; round < 20; round++) {
        appendTo(file, 0, bytesOf(200, 10_000));
        file.checkpointIfDue();
        makeSafe(file, 0, file.signals.end(0));
        trimAll(file);
      }
      expect(statSync(log.place.path).size).toBeLessThan(8 * MIB); // Of 40 MB that were appended.
    });
  });

  describe("raising the next offset", () => {
    it("leaves out the offsets before it, for ever", () => {
      const first = log.open();
      appendTo(first, 0, numbered(2));
      first.raiseTo(0, 10n);
      expect(first.signals.end(0)).toBe(10n);
      log.close(first);
      const second = log.open();
      expect([second.signals.end(0), second.signals.end(1), second.isWhole]).toEqual([10n, 0n, false]);
      second.raiseTo(0, 9n); // Lower than it is.
      appendTo(second, 0, numbered(1, 10));
      expect(log.offsets(0)).toEqual([0, 1, 10]);
    });

    it("counts no bytes for them", () => {
      const file = log.open({ backlogBytesMax: 100 });
      appendTo(file, 0, bytesOf(1, 60));
      file.raiseTo(0, 1_000n);
      expect(() => appendTo(file, 0, bytesOf(1, 60))).toThrow("60 bytes wait");
      file.signals.raiseSettled(0, 1_000n);
      appendTo(file, 0, bytesOf(1, 60));
    });
  });

  describe("the WAL", () => {
    const walBytes = () => statSync(`${log.place.path}-wal`).size;
    const appendMiB = (file: LogFile, mib: number) => {
      for (let at = 0; at < mib; at++) {
        appendTo(file, 0, bytesOf(1, MIB));
        file.checkpointIfDue();
      }
    };

    it("stays short while nobody reads", () => {
      const file = log.open();
      appendMiB(file, 40);
      expect(walBytes()).toBeLessThan(LOG_CHECKPOINT_BYTES + 2 * MIB);
    });

    it("grows while somebody reads, and begins anew afterwards without making appends wait", () => {
      const file = log.open();
      appendMiB(file, 1);
      const reader = new DatabaseSync(log.place.path, { readOnly: true });
      reader.exec("BEGIN; SELECT count(*) FROM messages_0");
      const begin = performance.now();
      appendMiB(file, 20);
      expect(performance.now() - begin).toBeLessThan(4_000); // SQLITE_BUSY_MS_MAX is not waited for.
      expect(walBytes()).toBeGreaterThan(20 * MIB);
      reader.exec("COMMIT");
      reader.close();
      appendMiB(file, 20);
      expect(walBytes()).toBeLessThan(30 * MIB);
    });

    it("is cut back to its bound after it was longer, and is gone when the log is closed", () => {
      const file = log.open();
      const reader = new DatabaseSync(log.place.path, { readOnly: true });
      reader.exec("BEGIN; SELECT count(*) FROM messages_0");
      appendMiB(file, SQLITE_WAL_BYTES_MAX / MIB + 8);
      expect(walBytes()).toBeGreaterThan(SQLITE_WAL_BYTES_MAX);
      reader.exec("COMMIT");
      appendMiB(file, 8);
      expect(walBytes()).toBeLessThanOrEqual(SQLITE_WAL_BYTES_MAX);
      reader.close();
      log.close(file);
      expect(() => walBytes()).toThrow("ENOENT");
    });
  });
});
