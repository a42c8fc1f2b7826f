import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildLoggedBatch, newProducer } from "../../../ports/build-logged-batch.ts";
import { messages, noDeadLetters } from "../../../ports/contract-batches.ts";
import { SqliteLogSink } from "./log-sink.ts";
import { markDamaged } from "./store-damage.ts";
import { type OpenedStore, openStoreFile } from "./store-file.ts";
import { realClock, storedRecords } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 5, 6, 7, 8);
const ASIDE = "store.db.damaged-20261122T050607Z";

describe("the store's file", () => {
  let folder: string;
  let path: string;
  let opened: OpenedStore[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "logpulse-sqlite-"));
    path = join(folder, "store.db");
    opened = [];
  });
  afterEach(() => {
    for (const { database } of opened) if (database.isOpen) database.close();
    rmSync(folder, { recursive: true });
  });

  function open(rebuildable: boolean): OpenedStore {
    const store = openStoreFile({ path, rebuildable, nowMs: NOW_MS });
    opened.push(store);
    return store;
  }

  /** A closed store with 2,000 records. */
  async function fill(): Promise<void> {
    const { database } = open(true);
    const sink = new SqliteLogSink(new StoreTables(database), realClock);
    const batch = buildLoggedBatch({ tenant: "t", producer: newProducer(), records: messages(2_000) });
    await sink.store([batch], noDeadLetters, new AbortController().signal);
    database.close();
  }

  /** All files with something in them, but for the memory that SQLite's processes share: looking at a file makes that. */
  const contents = () => {
    const all = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const);
    return new Map(all.filter(([name, bytes]) => bytes.length > 0 && !name.endsWith("-shm")));
  };
  const refused = () =>
    expect.objectContaining({ kind: "store_unavailable", message: expect.stringContaining(`${path} is damaged`) });

  it("is begun where there is none, and opened with what it has", async () => {
    const first = open(true);
    expect([first.isNew, first.setAside]).toEqual([true, undefined]);
    first.database.close();
    await fill();
    const { database, isNew, setAside } = open(false);
    expect([isNew, setAside, storedRecords(database, "t").length]).toEqual([false, undefined, 2_000]);
  });

  it("is begun where somebody has moved it away, whatever the log has", async () => {
    await fill();
    rmSync(path);
    expect(open(false)).toMatchObject({ isNew: true, setAside: undefined });
  });

  const overwrite = (from: number, bytes: number) => {
    const file = openSync(path, "r+");
    writeSync(file, randomBytes(bytes), 0, bytes, from);
  };
  const copyToWal = () => copyFileSync(path, `${path}-wal`);
  const DAMAGES: [name: string, damage: () => void][] = [
    ["random bytes in its header", () => overwrite(0, 100)],
    ["random bytes in its first pages", () => overwrite(0, 40_000)],
    ["only half of itself", () => truncateSync(path, statSync(path).size / 2)],
    ["nothing in it", () => truncateSync(path, 0)],
    [
      "nothing in it but a WAL",
      () => {
        copyToWal();
        truncateSync(path, 0);
      },
    ],
    [
      "a WAL without it",
      () => {
        copyToWal();
        rmSync(path);
      },
    ],
    ["text in it", () => writeFileSync(path, "no database at all\n".repeat(100))],
    ["damage that was noted", () => markDamaged(path, new Error("found by a reader"))],
  ];

  it.each(DAMAGES)(
    "with %s is refused and left alone where the log could not fill a new one",
    async (_name, damage) => {
      await fill();
      damage();
      const before = contents();
      expect(() => open(false)).toThrow(refused());
      expect(() => open(false)).toThrow(/Nothing was changed.*put a backup.*move its files away/);
      expect(contents()).toEqual(before);
    },
  );

  it.each(DAMAGES)("with %s is set aside, byte for byte, where the log can fill a new one", async (name, damage) => {
    await fill();
    damage();
    const before = contents();
    const { database, isNew, setAside } = open(true);
    expect([isNew, storedRecords(database, "t")]).toEqual([true, []]);
    if (name === "nothing in it") return expect(setAside).toBeUndefined(); // There is nothing to keep.
    expect(setAside).toEqual({ path: join(folder, ASIDE), reason: expect.stringMatching(/./) });
    const aside = new Map([...contents()].filter(([file]) => file.startsWith(ASIDE)));
    const kept = [...before].filter(([file]) => file.startsWith("store.db"));
    expect(aside).toEqual(new Map(kept.map(([file, bytes]) => [file.replace("store.db", ASIDE), bytes])));
    database.close();
    expect(open(true)).toMatchObject({ isNew: false, setAside: undefined });
  });

  it("is set aside under a name of its own each time", async () => {
    for (let times = 0; times < 3; times++) {
      await fill();
      overwrite(0, 100);
      open(true).database.close();
      rmSync(path);
    }
    expect(readdirSync(folder).sort()).toEqual([ASIDE, `${ASIDE}-2`, `${ASIDE}-3`]);
  });

  it("with damage in the middle is found when it is used, noted, and set aside at the next start", async () => {
    await fill();
    overwrite(8_192 * 40, statSync(path).size - 8_192 * 50);
    const before = readFileSync(path);
    const { database, setAside } = open(true);
    expect(setAside).toBeUndefined();
    const tables = new StoreTables(database, (reason) => markDamaged(path, reason));
    expect(() => tables.read(() => storedRecords(database, "t"))).toThrow(/damaged/);
    database.close();
    expect(existsSync(join(folder, "store.damaged"))).toBe(true);
    expect(() => open(false)).toThrow(refused());
    expect(readFileSync(path)).toEqual(before);
    const next = open(true);
    expect(next.setAside).toMatchObject({ path: join(folder, ASIDE) });
    expect(readFileSync(join(folder, ASIDE))).toEqual(before);
    expect(existsSync(join(folder, "store.damaged"))).toBe(false);
    next.database.close();
    expect(open(false)).toMatchObject({ isNew: false });
  });

  const other = (change: string) => {
    const database = new DatabaseSync(path);
    database.exec(change);
    database.close();
  };

  it.each([
    [
      "another program",
      "PRAGMA user_version = 4; CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)",
      /another program/,
    ],
    ["another program, with its mark", "PRAGMA application_id = 7", /another program/],
    ["a newer version of this one", "PRAGMA application_id = 0x4c675073; PRAGMA user_version = 4", /version 4/],
    ["a version before the first one", "PRAGMA application_id = 0x4c675073; PRAGMA user_version = 0", /version 0/],
  ])("of %s is refused and left alone", (_name, change, message) => {
    other(change);
    const before = contents();
    for (const rebuildable of [true, false]) {
      expect(() => open(rebuildable)).toThrow(
        expect.objectContaining({ kind: "bug", message: expect.stringMatching(message) }),
      );
    }
    expect(contents()).toEqual(before);
  });

  it("says so where it cannot be opened at all", () => {
    rmSync(folder, { recursive: true });
    expect(() => open(true)).toThrow(expect.objectContaining({ kind: "store_unavailable" }));
    writeFileSync(folder, "a file where the folder should be");
    expect(() => open(true)).toThrow(expect.objectContaining({ kind: "store_unavailable" }));
  });
});
