import { mkdirSync, readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { SEND_POSITION_BYTES_MAX } from "../../services/domain/limits.ts";
import type { LineFormatName } from "../../services/domain/lines/line-format.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { parsePositions } from "./parse-positions.ts";
import { PositionLock } from "./position-lock.ts";
import type { ReadingMark, SourcePosition } from "./source-batches.ts";

/** How far a file that is followed is acknowledged, and how to go on from there. */
export interface FilePosition {
  /** By which name it was found: absolute. */
  path: string;
  /** As the system numbers them: the same file under whatever name. */
  device: string;
  inode: string;
  /** Of its first bytes: another file may be given the same number, and a file may be written anew. */
  fingerprint: { bytes: number; sha256: string };
  /** Undefined while it is not chosen. */
  format: LineFormatName | undefined;
  strict: boolean;
  service: string;
  /** By its name, of times that are written without one; undefined in files of older versions. */
  zone?: string;
  position: SourcePosition;
  /** Behind the position. */
  marks: readonly ReadingMark[];
  /** Why nothing is read of it: it was read to its end, or is not to be found. Undefined of one that is being read. */
  left?: "done" | "missing";
}

/** A path that is followed. */
export interface PathPosition {
  /** Absolute. */
  path: string;
  /**
   * When it last named a file that was as it was known; at first, when it began to be followed. In milliseconds since 1970.
   */
  knownMs: number;
}

/** What a position file holds. */
export interface Positions {
  paths: readonly PathPosition[];
  files: readonly FilePosition[];
}

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700; // What people log is nobody else's.

/**
 * The file in which one `send --follow` notes its positions: on the disk whole, in its older state or its newer one, whenever
 * the process or the machine ends. Nobody else can use it at the same time.
 */
export class PositionFile {
  /** What stood in it when it was opened. */
  readonly before: Positions;
  private readonly path: string;
  private readonly lock: PositionLock;
  private readonly state: () => Positions;
  private saving: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  /**
   * Makes its folder where there is none. `state`: what is to stand in it when it is written.
   *
   * @throws CommandFailure where somebody else uses it, or it is no such file.
   */
  constructor(path: string, state: () => Positions) {
    this.path = path;
    this.state = state;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    } catch (reason) {
      throw new CommandFailure(EXIT.failed, `the folder of ${path} cannot be made: ${(reason as Error).message}`);
    }
    this.lock = new PositionLock(path);
    try {
      this.before = readPositions(path);
    } catch (reason) {
      this.lock.release();
      throw reason;
    }
  }

  /** Resolves when the state as it is now, or a later one, is on the disk. Calls that come meanwhile share a write. */
  save(): Promise<void> {
    if (this.saving === undefined) return this.begin();
    this.next ??= this.saving
      .catch(() => {})
      .then(() => {
        this.next = undefined;
        return this.begin();
      });
    return this.next;
  }

  /** Somebody else may use it now. */
  release(): void {
    this.lock.release();
  }

  private begin(): Promise<void> {
    this.saving = this.write().finally(() => {
      this.saving = undefined;
    });
    return this.saving;
  }

  private async write(): Promise<void> {
    const unfinished = `${this.path}.new`; // Ours alone: we hold the lock.
    const text = `${JSON.stringify({ version: 1, ...this.state() }, undefined, 1)}\n`;
    const file = await open(unfinished, "w", FILE_MODE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, this.path);
    await syncFolder(dirname(this.path));
  }
}

/** Renames are kept only then. Systems on which folders cannot be opened keep them by themselves. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function readPositions(path: string): Positions {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (reason) {
    const { code, message } = reason as NodeJS.ErrnoException;
    if (code === "ENOENT") return { paths: [], files: [] };
    throw new CommandFailure(EXIT.failed, `the position file cannot be read: ${message}`);
  }
  const positions = text.length <= SEND_POSITION_BYTES_MAX ? parsePositions(text) : undefined;
  if (positions) return positions;
  throw new CommandFailure(
    EXIT.usage,
    `${path} is not a position file of logpulse send`,
    "Name another one; or remove it, and the files are sent once more from their beginning.",
  );
}
