import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

const START_MS_MAX = 30_000;

/** A floor's server, which prints a line once it serves. @throws Error: it ended before, or said nothing in 30 s. */
export async function startScript(file: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawnNode([file, ...args]);
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS_MAX);
  try {
    await firstLine(child, file);
    return child;
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a script to its end and gives the JSON that it prints as its last line. @throws Error: it failed. */
export async function runScript<Answer>(file: string, argument: object): Promise<Answer> {
  const child = spawnNode([file, JSON.stringify(argument)]);
  let last = "";
  for await (const line of createInterface({ input: child.stdout! })) last = line;
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once("exit", resolve)));
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
  return JSON.parse(last) as Answer;
}

/** Ends it, and waits until it has ended. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL"); // It keeps nothing.
  await ended;
}

function spawnNode(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

function firstLine(child: ChildProcess, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout!.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`${file} ended with ${code} before it served`)));
    child.once("error", reject);
  });
}
