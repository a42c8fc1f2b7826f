import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { onTestFinished } from "vitest";
import { TerminalScreen } from "./terminal-screen.ts";

const SCRIPT = join(import.meta.dirname, "pseudo-terminal.py");
const LOOK_MS = 10;

/** How a command in a terminal ended, and in which state it left the terminal. */
export interface TerminalEnd {
  /** Null where a signal ended it. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** Whether the terminal hands on whole lines, and shows what is typed: as a shell expects it. */
  isCanonical: boolean;
  isEchoing: boolean;
}

/** A command in a pseudo-terminal, and a person before it. */
export interface PseudoTerminal {
  /** What is to be seen now. */
  readonly screen: TerminalScreen;
  /** Everything that was written, with its control sequences. */
  readonly output: string;
  /** Resolves when the command has ended and everything that it wrote is on the screen. */
  readonly ended: Promise<TerminalEnd>;
  /** Types. "\r" is the Enter key, "\u0003" Ctrl-C, "\u001b[A" the arrow up. */
  type(keys: string): void;
  /** To the command's own process. Ctrl-C is typed instead: a terminal makes a signal of it where it is to. */
  signal(signal: NodeJS.Signals): void;
  /** As when a person draws the window larger or smaller. */
  resize(rows: number, columns: number): void;
  /** Resolves when that holds of the screen. @throws Error with the screen, after `msMax` or when the command has ended. */
  until(holds: (screen: TerminalScreen) => boolean, msMax?: number): Promise<void>;
}

/** What a command in a terminal is started with. */
export interface PseudoTerminalOptions {
  rows?: number;
  columns?: number;
  /** The whole environment, beside PATH, TERM, LANG and HOME. */
  env?: Record<string, string>;
  cwd?: string;
}

/**
 * For `describe.runIf(havePseudoTerminal())`: whether this machine has a python3 with the module pty.
 *
 * @throws Error instead, when CI is set: there a skipped test would pass for a green one.
 */
export function havePseudoTerminal(): boolean {
  const { status } = spawnSync("python3", ["-c", "import fcntl, pty, termios; pty.openpty()"], { stdio: "ignore" });
  if (status === 0) return true;
  const message = "SKIPPED: no pseudo-terminal can be had, which takes python3 with its module pty (not on Windows)";
  if (process.env.CI) throw new Error(message);
  console.warn(message);
  return false;
}

/** Starts a command in a terminal of 24 rows and 80 columns, or as told. It is ended with the test, however that ends. */
export function inPseudoTerminal(command: readonly string[], options: PseudoTerminalOptions = {}): PseudoTerminal {
  const { rows = 24, columns = 80, env = {}, cwd } = options;
  const child = spawn("python3", [SCRIPT, String(rows), String(columns), ...command], {
    cwd,
    env: { PATH: process.env.PATH, TERM: "xterm-256color", LANG: "C.UTF-8", HOME: process.env.HOME, ...env },
  });
  onTestFinished(() => void child.stdin.end()); // Then the script ends the command, and itself.
  return new RunningTerminal(child, new TerminalScreen(rows, columns));
}

class RunningTerminal implements PseudoTerminal {
  readonly screen: TerminalScreen;
  readonly ended: Promise<TerminalEnd>;
  output = "";
  private readonly child: ChildProcessWithoutNullStreams;
  private hasEnded = false;

  constructor(child: ChildProcessWithoutNullStreams, screen: TerminalScreen) {
    this.child = child;
    this.screen = screen;
    const decoder = new StringDecoder("utf8");
    child.stdout.on("data", (bytes: Buffer) => {
      const text = decoder.write(bytes);
      this.output += text;
      this.screen.write(text);
    });
    child.stdin.on("error", () => {}); // The command may have ended while somebody still types.
    this.ended = this.end();
    this.ended.catch(() => {}); // Whoever waits for it is told.
  }

  type(keys: string): void {
    this.tell({ keys });
  }

  signal(signal: NodeJS.Signals): void {
    this.tell({ signal: constants.signals[signal] });
  }

  resize(rows: number, columns: number): void {
    this.screen.resize(rows, columns);
    this.tell({ rows, columns });
  }

  async until(holds: (screen: TerminalScreen) => boolean, msMax = 20_000): Promise<void> {
    const endMs = performance.now() + msMax;
    while (!holds(this.screen)) {
      const why = this.hasEnded ? "the command has ended" : performance.now() > endMs && `not within ${msMax} ms`;
      if (why) throw new Error(`${why}; the screen shows:\n${this.screen.text}\n`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  private tell(wish: object): void {
    if (this.child.stdin.writable) this.child.stdin.write(`${JSON.stringify(wish)}\n`);
  }

  private async end(): Promise<TerminalEnd> {
    let told = "";
    this.child.stderr.on("data", (bytes: Buffer) => (told += bytes));
    await new Promise((resolve) => this.child.once("close", resolve));
    this.hasEnded = true;
    const last = told.trimEnd().split("\n").at(-1)!;
    if (!last.startsWith("{")) throw new Error(`the pseudo-terminal broke: ${told}`);
    return JSON.parse(last) as TerminalEnd;
  }
}
