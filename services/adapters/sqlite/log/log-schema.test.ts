import { createHash } from "node:crypto";
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toLogError } from "../errors.ts";
import { appendTo, WrittenLog } from "./log-file.fixture.ts";
import type { LogFile } from "./log-file.ts";

describe("the log's file", () => {
  let log: WrittenLog;
  let path: string;
  beforeEach(async () => {
    log = await WrittenLog.make();
    path = log.place.path;
  });
  afterEach(() => log.remove());

  /** The words of the refusal; the file and its WAL are the same afterwards. */
  const refusalOf = (open: () => unknown) => {
    const before = contents();
    try {
      open();
    } catch (reason) {
      expect(contents()).toEqual(before);
      const { kind, message } = toLogError(reason);
      return `${kind}: ${message}`;
    }
    return "it was opened";
  };
  const contents = () => [path, `${path}-wal`].map((file) => (sizeOf(file) > 0 ? hashOf(file) : "nothing"));
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const hashOf = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
  const openBoth = () => [refusalOf(() => log.open()), refusalOf(() => log.place.messages(0))];

  it("has an id of its own, and keeps id and partitions for life", () => {
    const first = log.open({ partitions: 3 });
    expect(first.logId).toMatch(/^[0-9a-f]{32}$/);
    log.close(first);
    const second = log.open({ partitions: 5 });
    expect([second.logId, second.signals.partitions]).toEqual([first.logId, 3]);
    log.close(second);
    truncateSync(path);
    expect(log.open().logId).not.toBe(first.logId);
  });

  it.each(["missing", "empty"])("is refused, and its WAL kept, when it is %s and the WAL is not", (how) => {
    log.close(log.open());
    writeFileSync(`${path}-wal`, "what was acknowledged");
    if (how === "missing") rmSync(path);
    else truncateSync(path);
    expect(refusalOf(() => log.open())).toMatch(
      /^log_unavailable: the log's file is empty or missing, but .*-wal.*put/,
    );
  });

  it("is refused when another version has made it", () => {
    log.close(log.open());
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 7");
    database.close();
    const words =
      "bug: the log's file has tables of version 7; this program knows version 1: name another folder in " +
      "LOGPULSE_DATA, or run the program that made these tables";
    expect(openBoth()).toEqual([words, words]);
  });

  it.each([
    ["tables", "CREATE TABLE mine (a)"],
    ["an application's mark", "PRAGMA application_id = 77; CREATE TABLE mine (a)"],
  ])("is refused, and not changed, when it has %s of another program", (_what, sql) => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
    const words = "bug: the log's file belongs to another program";
    expect(openBoth()).toEqual([words, words]);
  });

  it("is made in full where a crash has left an empty one", () => {
    writeFileSync(path, "");
    appendTo(log.open(), 0, [Buffer.from("a")]);
    expect(log.offsets(0)).toEqual([0]);
  });

  it("is made in full where a crash has left one without tables", () => {
    const database = new DatabaseSync(path);
    database.exec("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL");
    database.close();
    appendTo(log.open(), 0, [Buffer.from("a")]);
    expect(log.offsets(0)).toEqual([0]);
  });

  const PAGE = 8192;
  const DAMAGES: [string, (bytes: Buffer) => Buffer][] = [
    ["is no database at all", (bytes) => Buffer.alloc(bytes.length, "not a database ")],
    ["has lost its first page", (bytes) => bytes.fill(0xff, 0, PAGE)],
    ["has lost the list of its tables", (bytes) => bytes.fill(0xff, 100, PAGE)],
    ["has lost every page but the first", (bytes) => bytes.fill(0xff, PAGE)],
    ["is cut off in the middle", (bytes) => bytes.subarray(0, PAGE * Math.floor(bytes.length / PAGE / 2))],
  ];

  const DAMAGED = /^log_unavailable: the log's file is damaged \(SQLite \d+\)$/;
  const appendSome = (file: LogFile) => {
    for (let at = 0; at < 50; at++) appendTo(file, at % 2, [Buffer.alloc(5_000, at)]);
  };

  it.each(DAMAGES)("is refused as damaged, and not changed, when it %s", (_what, damage) => {
    const file = log.open();
    appendSome(file);
    log.close(file);
    writeFileSync(path, damage(readFileSync(path)));
    expect(refusalOf(() => log.open())).toMatch(DAMAGED);
  });

  it.each([DAMAGES[0]!, DAMAGES[3]!])("is so too when a crash has left its WAL, and it %s", (_what, damage) => {
    const { main, wal } = crashed();
    writeFileSync(path, damage(main));
    writeFileSync(`${path}-wal`, wal);
    expect(refusalOf(() => log.open())).toMatch(DAMAGED);
  });

  it("is whole where what is damaged stands in the WAL that a crash has left", () => {
    const { main, wal } = crashed();
    writeFileSync(path, main.fill(0xff, 100, PAGE));
    writeFileSync(`${path}-wal`, wal);
    log.close(log.open());
    expect([log.offsets(0).length, log.offsets(1).length]).toEqual([50, 50]);
  });

  /** The files as a crash leaves them: half of the messages in each. */
  const crashed = () => {
    const file = log.open();
    appendSome(file);
    log.close(file);
    const again = log.open();
    appendSome(again);
    const files = { main: readFileSync(path), wal: readFileSync(`${path}-wal`) };
    log.close(again);
    return files;
  };
});
