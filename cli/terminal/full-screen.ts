import { StringDecoder } from "node:string_decoder";
import type { ReadStream, WriteStream } from "node:tty";

// The alternate screen, without a cursor, where what is wider than we think is cut and does not begin another row.
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const ERASE_LINE = "\u001b[2K";
const ERASE_BELOW = "\u001b[J";
/** Signals that would end the process without its exit handlers. Main itself is told of SIGINT and SIGTERM. */
const ENDING_SIGNALS = { SIGHUP: 129, SIGQUIT: 131 } as const;

/** What a full-screen program is told. */
export interface FullScreenEvents {
  /** What was typed, as the terminal sends it: a key's sequence may come in pieces. */
  onInput(text: string): void;
  /** The screen has another size, or was another program's for a while: draw it again. */
  onRedraw(): void;
}

/** A terminal: where a person types, and where one looks. */
export interface FullScreenTerminal {
  input: ReadStream;
  output: WriteStream;
}

/**
 * The whole terminal, for as long as it is open. Whatever ends the process then, but SIGKILL, leaves the terminal as it was:
 * the end of the command, an error nobody caught, a signal, Ctrl-Z.
 */
export class FullScreen {
  private readonly terminal: FullScreenTerminal;
  private readonly events: FullScreenEvents;
  private isOpen = false;
  /** The terminal is not as it was. */
  private isTaken = false;
  private readonly decoder = new StringDecoder("utf8"); // A character may come in two pieces.
  private readonly onData = (bytes: Buffer) => this.events.onInput(this.decoder.write(bytes));
  private readonly onResize = () => this.events.onRedraw();
  private readonly leave = () => this.restore();
  private readonly onEnding = (signal: NodeJS.Signals) =>
    process.exit(ENDING_SIGNALS[signal as keyof typeof ENDING_SIGNALS]); // Its exit handler restores.
  private readonly onStop = () => this.suspend();
  private readonly onContinue = () => this.take();

  constructor(terminal: FullScreenTerminal, events: FullScreenEvents) {
    this.terminal = terminal;
    this.events = events;
  }

  get size(): { rows: number; columns: number } {
    const { rows, columns } = this.terminal.output;
    return { rows: rows || 24, columns: columns || 80 };
  }

  open(): void {
    const { input, output } = this.terminal;
    process.on("exit", this.leave);
    process.on("uncaughtExceptionMonitor", this.leave); // Before its text is printed, which is to be read.
    for (const signal of Object.keys(ENDING_SIGNALS)) process.on(signal, this.onEnding);
    process.on("SIGCONT", this.onContinue);
    output.on("resize", this.onResize);
    input.on("data", this.onData);
    this.isOpen = true;
    this.take();
  }

  /** Gives the terminal back. Nothing where that is done. */
  close(): void {
    const { input, output } = this.terminal;
    this.restore();
    this.isOpen = false;
    input.off("data", this.onData);
    input.pause();
    output.off("resize", this.onResize);
    process.off("exit", this.leave);
    process.off("uncaughtExceptionMonitor", this.leave);
    for (const signal of Object.keys(ENDING_SIGNALS)) process.off(signal, this.onEnding);
    process.off("SIGTSTP", this.onStop);
    process.off("SIGCONT", this.onContinue);
  }

  /** Shows these lines and nothing else. Each is at most as wide as the screen, and there are no more than it has rows. */
  draw(lines: readonly string[]): void {
    if (!this.isTaken) return;
    // Erased before it is written: behind a line that fills the screen's width, the cursor is still on its last character.
    const rows = lines.map((line) => ERASE_LINE + line).join("\r\n");
    this.terminal.output.write(HOME + rows + (lines.length < this.size.rows ? `\r\n${ERASE_BELOW}` : ""));
  }

  /** Ctrl-Z: stops the process, as a shell expects it; `fg` takes the terminal again and draws. */
  suspend(): void {
    this.restore();
    process.off("SIGTSTP", this.onStop); // So that it stops us.
    process.kill(0, "SIGTSTP"); // To the whole group, as the terminal would do it.
  }

  private take(): void {
    if (!this.isOpen) return;
    this.isTaken = true;
    process.off("SIGTSTP", this.onStop);
    process.on("SIGTSTP", this.onStop);
    this.terminal.input.setRawMode(true);
    this.terminal.input.resume();
    this.terminal.output.write(ENTER);
    this.events.onRedraw();
  }

  private restore(): void {
    if (!this.isTaken) return;
    this.isTaken = false;
    this.terminal.output.write(LEAVE); // To a terminal, writes are done when they return.
    this.terminal.input.setRawMode(false);
  }
}
