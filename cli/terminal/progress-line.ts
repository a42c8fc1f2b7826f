import type { Terminal } from "./terminal.ts";
import { cutToWidth } from "./text-width.ts";

const ERASE_LINE = "\r\u001b[K";
const FIRST_MS = 100; // Who is done by then needs none.
const EVERY_MS = 200;

/**
 * One line on standard error that is written again and again, where that is a terminal and people want to be told; else
 * nothing. What is said meanwhile stands above it.
 */
export class ProgressLine {
  private readonly terminal: Terminal;
  private readonly text: () => string;
  private timer: NodeJS.Timeout | undefined;
  private isShown = false;

  /** `text`: what it says now, without control characters. */
  constructor(terminal: Terminal, text: () => string) {
    this.terminal = terminal;
    this.text = text;
    if (terminal.err.isTty && !terminal.isQuiet) this.timer = setTimeout(() => this.begin(), FIRST_MS);
  }

  /** Says something to people, in a line of its own. */
  say(line: string): void {
    this.erase();
    this.terminal.say(line);
    if (this.timer && this.isShown) this.show();
  }

  /** Takes the line away, for good. */
  end(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.erase();
  }

  private begin(): void {
    this.isShown = true;
    this.show();
    this.timer = setInterval(() => this.show(), EVERY_MS);
  }

  private show(): void {
    // Not in the last column, where some terminals begin a new line.
    const width = (this.terminal.err.columns ?? 80) - 1;
    this.terminal.err.stream.write(ERASE_LINE + cutToWidth(this.text(), width));
  }

  private erase(): void {
    if (this.isShown) this.terminal.err.stream.write(ERASE_LINE);
  }
}
