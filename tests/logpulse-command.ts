import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** The program of `logpulse`, for Node. */
export const LOGPULSE = join(import.meta.dirname, "..", "cli", "logpulse.js");

/** How a command ended. */
export interface CommandEnd {
  /** Null where a signal ended it. */
  code: number | null;
  out: string;
  err: string;
}

/** `logpulse` as a process of its own, whose streams are no terminal. */
export interface RunningCommand {
  /** What it has written so far. */
  readonly out: string;
  readonly err: string;
  readonly ended: Promise<CommandEnd>;
  kill(signal: NodeJS.Signals): void;
  /** Writes to its standard input. */
  write(text: string | Uint8Array): void;
  /** Ends that. */
  endInput(): void;
}

/**
 * Starts it with these variables and no others but PATH and HOME. It is ended with the test, however that ends. `input`: its
 * standard input is empty, or stays open.
 */
export function startLogpulse(
  args: readonly string[],
  env: Record<string, string> = {},
  input: "empty" | "open" = "empty",
): RunningCommand {
  const command = new SpawnedCommand(args, env);
  if (input === "empty") command.endInput();
  onTestFinished(() => command.kill("SIGKILL"));
  return command;
}

/** Runs it to its end; also for hooks of tests. */
export function logpulse(args: readonly string[], env: Record<string, string> = {}): Promise<CommandEnd> {
  const command = new SpawnedCommand(args, env);
  command.endInput();
  return command.ended;
}

class SpawnedCommand implements RunningCommand {
  out = "";
  err = "";
  readonly ended: Promise<CommandEnd>;
  private readonly child: ChildProcessWithoutNullStreams;

  constructor(args: readonly string[], env: Record<string, string>) {
    const child = spawn(process.execPath, [LOGPULSE, ...args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    });
    const killWithUs = () => void child.kill("SIGKILL");
    process.once("exit", killWithUs);
    child.once("exit", () => process.off("exit", killWithUs));
    this.child = child;
    child.stdin.on("error", () => undefined); // It may end before it has read everything.
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.err += text;
    });
    this.ended = new Promise((resolve) => {
      child.once("close", (code) => resolve({ code, out: this.out, err: this.err }));
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  write(text: string | Uint8Array): void {
    this.child.stdin.write(text);
  }

  endInput(): void {
    this.child.stdin.end();
  }
}
