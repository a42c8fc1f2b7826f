import { closeSync, openSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { SeededRandom } from "../ledger/seeded-random.ts";
import { frameStart, pagesOfFrames, type WalState, walStateOf } from "./wal-state.ts";

const GARBAGE_BYTES_MAX = 50_000;

/** What may be done to the files that a killed process has left, so that they are as if the machine had crashed. */
type Crash = (folder: string, random: SeededRandom) => boolean;

/**
 * Each is something that a machine may lose at a crash, and no more than that. The log syncs every commit, so only what
 * stands behind its last commit may be gone or nonsense. The store syncs its WAL before it copies from it, so any end of
 * the WAL behind that may be gone, in pieces too; what a copy writes to the file is torn until the copy is synced.
 */
const CRASHES: Record<string, Crash> = {
  storeWalCut(folder, random) {
    const [database, state] = walOf(folder, "store.db");
    if (!state) return false;
    truncateSync(
      `${database}-wal`,
      random.between(frameStart(state, state.syncedFrames), frameStart(state, state.frames)),
    );
    return true;
  },

  storeWalHole(folder, random) {
    const [database, state] = walOf(folder, "store.db");
    if (!state || state.frames === state.syncedFrames) return false;
    const frame = random.between(state.syncedFrames, state.frames - 1);
    const [from, to] = [frameStart(state, frame), frameStart(state, frame + 1)];
    overwrite(`${database}-wal`, random.between(from, to - 1), to, random);
    return true;
  },

  storeCopyTorn: (folder, random) => tearCopy(...walOf(folder, "store.db"), random),

  logCopyTorn: (folder, random) => tearCopy(...walOf(folder, "log.db"), random),

  logWalEndGone(folder) {
    const [database, state] = walOf(folder, "log.db");
    if (state) truncateSync(`${database}-wal`, frameStart(state, state.frames));
    return state !== undefined;
  },

  logWalEndGarbage(folder, random) {
    const [database, state] = walOf(folder, "log.db");
    if (!state) return false;
    const from = frameStart(state, state.frames);
    const to = Math.max(statSync(`${database}-wal`).size, from + random.between(1, GARBAGE_BYTES_MAX));
    overwrite(`${database}-wal`, from, to, random);
    return true;
  },
};

/** Takes from the files of a killed process some of what a crash of the machine may take. @returns what it was. */
export function crashMachine(folder: string, random: SeededRandom): string[] {
  const names = Object.keys(CRASHES);
  const wanted = [random.pick(names.filter((name) => name.startsWith("store"))), random.pick(names)];
  // One after the other would not be one crash: a WAL that is cut says nothing of the frames that tear a copy.
  const chosen = wanted[0] === wanted[1] || wanted.every((name) => name.startsWith("store")) ? [wanted[0]!] : wanted;
  const done = chosen.filter((name) => CRASHES[name]!(folder, random));
  for (const name of ["log.db", "store.db"]) rmSync(join(folder, `${name}-shm`), { force: true });
  return [...done, "sharedMemoryGone"];
}

function walOf(folder: string, name: string): [database: string, state: WalState | undefined] {
  const database = join(folder, name);
  return [database, walStateOf(database)];
}

/** Pages of the file that the WAL has too, and that were not copied and synced yet. */
function tearCopy(database: string, state: WalState | undefined, random: SeededRandom): boolean {
  if (!state) return false;
  const { size } = statSync(database);
  const pages = new Set(pagesOfFrames(database, state, state.copiedFrames, state.frames));
  // Page 1 begins with the header, which SQLite reads before it knows of a WAL; its first sector is written in one piece.
  const torn = [...pages].filter((page) => page > 1 && page * state.pageBytes <= size && random.chance(0.5));
  for (const page of torn) {
    const end = page * state.pageBytes;
    overwrite(database, end - random.between(1, state.pageBytes), end, random);
  }
  return torn.length > 0;
}

/** Random bytes from there to there. */
export function overwrite(path: string, from: number, to: number, random: SeededRandom): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, random.bytes(to - from), 0, to - from, from);
  } finally {
    closeSync(file);
  }
}
