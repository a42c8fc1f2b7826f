import type { Writable } from "node:stream";
import { drawnText } from "./drawn-text.ts";
import { OutputStream } from "./output-stream.ts";
import type { Terminal, TerminalStream } from "./terminal.ts";

/** How a terminal is to be. */
export interface TerminalSettings {
  color: "auto" | "always" | "never";
  zone: "local" | "utc";
  isJson: boolean;
  isPlain: boolean;
  isQuiet: boolean;
  /** Whether people may be asked where there are any. */
  mayAsk: boolean;
}

/** The part of a process that a terminal needs. */
export interface TerminalHost {
  stdin: { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
  env: Readonly<Record<string, string | undefined>>;
}

/** The streams of a process. */
export class ProcessTerminal implements Terminal {
  readonly out: TerminalStream;
  readonly err: TerminalStream;
  readonly isInputTty: boolean;
  readonly zone: "local" | "utc";
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  readonly isPlain: boolean;
  private readonly output: OutputStream;

  constructor(host: TerminalHost, settings: TerminalSettings) {
    this.out = terminalStream(host.stdout, settings, host.env);
    this.err = terminalStream(host.stderr, settings, host.env);
    this.isInputTty = settings.mayAsk && host.stdin.isTTY === true;
    this.zone = settings.zone;
    this.isQuiet = settings.isQuiet;
    this.isJson = settings.isJson;
    this.isPlain = settings.isPlain;
    this.output = new OutputStream(host.stdout);
    host.stderr.on("error", () => undefined); // Nobody reads what is said: nothing can be said about that.
  }

  print(line: string): Promise<void> {
    return this.output.write(`${line}\n`);
  }

  flush(): Promise<void> {
    return this.output.flush();
  }

  say(line: string): void {
    if (!this.isQuiet) this.err.stream.write(`${drawnText(line)}\n`);
  }
}

function terminalStream(
  stream: TerminalHost["stdout"],
  { color, isPlain }: TerminalSettings,
  env: TerminalHost["env"],
): TerminalStream {
  const isTty = stream.isTTY === true;
  // NO_COLOR counts unless it is empty (no-color.org).
  const isWanted = isTty && !env.NO_COLOR && env.TERM !== "dumb" && !isPlain;
  return {
    stream,
    isTty,
    colours: color === "always" || (color === "auto" && isWanted),
    get columns() {
      return isTty ? stream.columns : undefined; // It changes with the window.
    },
  };
}
