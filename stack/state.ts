import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning, type ProcessIdentity } from "./processes.ts";

/** Parts are started stage by stage in this order and ended in the reverse one; those of a stage together. */
export const STAGES = ["servers", "roles", "door"] as const;
export type Stage = (typeof STAGES)[number];

/** One process of `npm run stack`. */
export interface PartState {
  readonly name: string;
  readonly stage: Stage;
  readonly process: ProcessIdentity;
  readonly address: string;
  readonly logFile: string;
}

/** What `npm run stack` wrote down, so that `npm run stack:stop` ends exactly that. */
export interface StackState {
  /** The command that starts it; it has ended, normally. While it runs nobody else may start. */
  readonly starter: ProcessIdentity;
  readonly parts: readonly PartState[];
}

/** The state of the stack in `directory`; undefined when none was started there, or the last one was stopped. */
export function readState(directory: string): StackState | undefined {
  const file = stateFile(directory);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as StackState;
  } catch (cause) {
    throw new Error(`${file} cannot be read; end its processes by hand, then delete it`, { cause });
  }
}

/** Replaces the state in one step: a reader never sees half a file. */
export function writeState(directory: string, state: StackState): void {
  const begun = `${stateFile(directory)}.begun`;
  writeFileSync(begun, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(begun, stateFile(directory));
}

export function deleteState(directory: string): void {
  rmSync(stateFile(directory), { force: true });
}

/**
 * Makes the calling process the one that starts the stack in `directory`. A state of which nothing runs any more, as a reboot
 * leaves it, is replaced.
 *
 * @returns undefined when the claim holds; otherwise the state of the stack that is running there or is being started.
 */
export function claim(directory: string, starter: ProcessIdentity): StackState | undefined {
  mkdirSync(directory, { recursive: true });
  const claimed: StackState = { starter, parts: [] };
  try {
    // "wx" fails when the file exists: of two commands at the same time one wins.
    writeFileSync(stateFile(directory), JSON.stringify(claimed), { flag: "wx" });
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const found = readState(directory);
  if (found && [found.starter, ...found.parts.map(({ process }) => process)].some(isRunning)) return found;
  writeState(directory, claimed);
  return undefined;
}

function stateFile(directory: string): string {
  return join(directory, "state.json");
}
