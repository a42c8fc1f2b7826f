/** Reads a line from left to right. Every step costs no more than the characters that it passes. */
export class LineReader {
  readonly line: string;
  /** Where the next step begins. */
  at: number;

  constructor(line: string, at = 0) {
    this.line = line;
    this.at = at;
  }

  /** Passes exactly this text; false, and nothing is passed, where another one stands here. */
  pass(text: string): boolean {
    if (!this.line.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** Passes what the pattern finds here and answers with it. The pattern is sticky (`/y`). */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.line);
    if (!found) return undefined;
    this.at = pattern.lastIndex;
    return found;
  }

  /**
   * Passes a text in double quotes and answers with what stands between them, escapes as they are written (`\"`, `\x22`).
   * Undefined, and nothing is passed, where none begins here or it does not end.
   */
  quoted(): string | undefined {
    if (this.line[this.at] !== '"') return undefined;
    for (let end = this.at + 1; end < this.line.length; end++) {
      const character = this.line[end];
      if (character === "\\") end++;
      else if (character === '"') {
        const text = this.line.slice(this.at + 1, end);
        this.at = end + 1;
        return text;
      }
    }
    return undefined;
  }
}
