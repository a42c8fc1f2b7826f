import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";

/** Of a WAL, and of each frame (one page of one transaction) in it: https://www.sqlite.org/walformat.html. */
export const WAL_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 24;

/** What SQLite's shared memory says of a WAL whose process was killed. */
export interface WalState {
  pageBytes: number;
  /** Up to the last commit. */
  frames: number;
  /** Of these: so many were synced before they were copied into the file, wholly or in part. */
  syncedFrames: number;
  /** Of these: so many are in the file, which was synced since. */
  copiedFrames: number;
}

// Places in the shared memory, in the byte order of the machine: little-endian wherever this runs.
const IS_INITIALIZED = 12;
const PAGE_BYTES = 14;
const FRAMES = 16;
const COPIED = 96;
const COPY_BEGUN = 128;

/** `database`: the file that the WAL belongs to. Undefined where it has none, or was killed before anything was known of it. */
export function walStateOf(database: string): WalState | undefined {
  if (sizeOf(`${database}-shm`) < COPY_BEGUN + 4 || sizeOf(`${database}-wal`) <= WAL_HEADER_BYTES) return undefined;
  const memory = readFileSync(`${database}-shm`);
  if (memory[IS_INITIALIZED] !== 1) return undefined;
  const copiedFrames = memory.readUInt32LE(COPIED);
  return {
    pageBytes: memory.readUInt16LE(PAGE_BYTES),
    frames: memory.readUInt32LE(FRAMES),
    syncedFrames: Math.max(copiedFrames, memory.readUInt32LE(COPY_BEGUN)),
    copiedFrames,
  };
}

/** Where a frame begins in the file, counted from 0; of the one behind the last: where they end. */
export function frameStart({ pageBytes }: WalState, frame: number): number {
  return WAL_HEADER_BYTES + frame * (FRAME_HEADER_BYTES + pageBytes);
}

/** The number of the page that each frame from `from` to before `to` holds. Pages count from 1. */
export function pagesOfFrames(database: string, state: WalState, from: number, to: number): number[] {
  const file = openSync(`${database}-wal`, "r");
  try {
    return Array.from({ length: Math.max(0, to - from) }, (_, index) => {
      const number = Buffer.alloc(4);
      readSync(file, number, 0, 4, frameStart(state, from + index));
      return number.readUInt32BE();
    });
  } finally {
    closeSync(file);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
