import type { ServerConnection } from "./connection.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** An option of a command, as `--name VALUE`, or `--name` where it takes none. */
export interface CommandOption {
  /** Without the dashes: "from". */
  name: string;
  /** One letter, without the dash. */
  short?: string;
  /** What stands for the value in help: "TIME". Undefined: the option takes none. */
  value?: string;
  /** One sentence without a full stop. */
  help: string;
  /** What completion offers. */
  choices?: readonly string[];
}

/** Values of options that were given, by name: text, or true where the option takes no value. */
export type OptionValues = Readonly<Record<string, string | true | undefined>>;

/** An example for help: a command line that works as it stands, and what it is for. */
export interface CommandExample {
  line: string;
  what: string;
}

/** What a command gets to do its work with. */
export interface CommandContext {
  /** Those of the command and those that all have (see global-options.ts). */
  options: OptionValues;
  /** What stands beside options, as it was written. */
  words: readonly string[];
  terminal: Terminal;
  /** Connects when it is first used. */
  connection: ServerConnection;
  /** Aborted by Ctrl-C and SIGTERM: end in order, say what is left undone. A second signal ends the process at once. */
  signal: AbortSignal;
  /** Milliseconds since 1970. */
  nowMs: () => number;
  /** The environment: LOGPULSE_… of the user. */
  environment: Readonly<Record<string, string | undefined>>;
}

/**
 * One command of `logpulse`. Help and completion load the modules of all commands, so these import nothing heavy at
 * their top: no `gen/` (but for types), no `connection.ts`. What does the work is imported in `run`.
 */
export interface Command {
  /** One word, or two: "dead list". */
  name: string;
  /** What it does, one line without a full stop. */
  summary: string;
  /** How words are written in help: "[FILE…|-]". */
  usage: string;
  examples: readonly CommandExample[];
  options: readonly CommandOption[];
  /** What else there is to know, in paragraphs. */
  details?: string;
  /** How many words it takes. */
  words: { min: number; max: number };
  /** It needs no server: there is no `connection`, and the libraries for it are not loaded. */
  isLocal?: true;
  /** @throws CommandFailure for what the user can do something about; errors of the connection are told by main. */
  run(context: CommandContext): Promise<ExitCode>;
}
