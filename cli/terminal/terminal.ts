import type { Writable } from "node:stream";

/** How one stream of the process is written to. */
export interface TerminalStream {
  stream: Writable;
  isTty: boolean;
  /** Whether colours may be used on it. */
  colours: boolean;
  /** Columns of the terminal; undefined where it is none. */
  columns: number | undefined;
}

/** What a command writes to: data to `out`, all else to `err`. */
export interface Terminal {
  out: TerminalStream;
  err: TerminalStream;
  /** Whether standard input is a terminal and --no-input was not given: somebody who can be asked. */
  isInputTty: boolean;
  /** The zone in which times are shown to people, and read. */
  zone: "local" | "utc";
  /** Nothing is said on `err` but errors. */
  isQuiet: boolean;
  /** Data as JSON, a line each. */
  isJson: boolean;
  /** Data for other programs: columns apart by tabs, times as RFC 3339 in UTC. */
  isPlain: boolean;
  /**
   * Writes data, with a line break. Resolves when there is room for more.
   *
   * @throws OutputClosed where nobody reads any more (`| head`): the command ends with EXIT.done.
   */
  print(line: string): Promise<void>;
  /** Resolves when the system has taken everything that was printed. @throws as `print`. */
  flush(): Promise<void>;
  /** Says something to people in a line of its own, drawn (see drawn-text.ts); nothing where `isQuiet`. */
  say(line: string): void;
}

/** Nobody reads the output any more. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}
