import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SeededRandom } from "../ledger/seeded-random.ts";
import { crashMachine } from "./machine-crash.ts";
import { walStateOf } from "./wal-state.ts";

const CRASHES = 80;
const CRASHES_MS_MAX = 60_000;
const SYNCED = 40; // Transactions of the store before its last checkpoint.
const ALL = 100;

/** What stands for a crash of the machine must take what such a crash may take, and nothing more. */
describe("a crash of the machine, made by hand", () => {
  const directory = mkdtempSync(join(tmpdir(), "logpulse-crash-"));
  const killed = join(directory, "killed");
  afterAll(() => rmSync(directory, { recursive: true }));

  beforeAll(() => {
    mkdirSync(killed);
    for (const name of ["log.db", "store.db"]) write(join(directory, name), killed);
  });

  it("takes none of the log's commits, and of the store's those behind a checkpoint, from some commit on", {
    timeout: CRASHES_MS_MAX,
  }, () => {
    const kept: number[] = [];
    const done = new Set<string>();
    for (let seed = 0; seed < CRASHES; seed++) {
      const folder = join(directory, `crash-${seed}`);
      cpSync(killed, folder, { recursive: true });
      for (const name of crashMachine(folder, new SeededRandom(seed))) done.add(name);
      expect(read(join(folder, "log.db")), `seed ${seed}`).toBe(ALL);
      kept.push(read(join(folder, "store.db")));
      rmSync(folder, { recursive: true });
    }
    expect(Math.min(...kept)).toBeGreaterThanOrEqual(SYNCED);
    expect(Math.max(...kept)).toBe(ALL);
    expect(new Set(kept).size).toBeGreaterThan(10);
    expect([...done].sort()).toEqual([
      ...["logCopyTorn", "logWalEndGarbage", "logWalEndGone", "sharedMemoryGone"],
      ...["storeCopyTorn", "storeWalCut", "storeWalHole"],
    ]);
  });

  it("knows nothing of a WAL that is not there", () => {
    expect(walStateOf(join(directory, "nothing.db"))).toBeUndefined();
  });
});

/** Commits, with one checkpoint among them, and copies what a kill would leave. */
function write(path: string, killedFolder: string): void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  database.exec("CREATE TABLE t (n INTEGER PRIMARY KEY, text BLOB)");
  for (let n = 0; n < ALL; n++) {
    database.prepare("INSERT INTO t VALUES (?, randomblob(?))").run(n, bytesOf(n));
    if (n === SYNCED - 1) database.exec("PRAGMA wal_checkpoint(PASSIVE)");
  }
  for (const suffix of ["", "-wal", "-shm"]) cpSync(path + suffix, join(killedFolder, pathName(path) + suffix));
  database.close();
}

/** How many commits are there: the first ones, each whole, in a file without a flaw. */
function read(path: string): number {
  const database = new DatabaseSync(path);
  try {
    expect(database.prepare("PRAGMA integrity_check").get()!.integrity_check).toBe("ok");
    const rows = database.prepare("SELECT n, length(text) AS bytes FROM t ORDER BY n").all();
    rows.forEach(({ n, bytes }, index) => void expect([n, bytes]).toEqual([index, bytesOf(index)]));
    return rows.length;
  } finally {
    database.close();
  }
}

function pathName(path: string): string {
  return path.split("/").at(-1)!;
}

function bytesOf(n: number): number {
  return 1 + ((n * 977) % 30_000);
}
