import { quoted } from "../field-names.ts";
import type { QueryErrors, Stretch } from "./query-errors.ts";

const BLANKS = /\s*/uy;
const KEYWORD = /(?:AND|OR|NOT)(?=[\s()"]|$)/uy;

/** A word that joins terms. */
export type Keyword = "AND" | "OR" | "NOT";

/** A place in the text of a query, which only moves forward. */
export class QueryCursor {
  readonly text: string;
  at = 0;
  private readonly errors: QueryErrors;

  constructor(text: string, errors: QueryErrors) {
    this.text = text;
    this.errors = errors;
  }

  /** True at the end of the text, and once an error has ended the reading. */
  get isAtEnd(): boolean {
    return this.at >= this.text.length || this.errors.isEnded;
  }

  /** The character here; "" at the end. */
  get next(): string {
    return this.isAtEnd ? "" : this.text[this.at]!;
  }

  skipBlanks(): void {
    this.take(BLANKS);
  }

  /** What the pattern, which is sticky, finds here; it is left where it is. */
  peek(pattern: RegExp): string | undefined {
    if (this.errors.isEnded) return undefined;
    pattern.lastIndex = this.at;
    return pattern.exec(this.text)?.[0];
  }

  /** Takes what the pattern, which is sticky, finds here. */
  take(pattern: RegExp): string | undefined {
    const found = this.peek(pattern);
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Takes that character, if it stands here. */
  takeCharacter(character: string): boolean {
    if (this.next !== character) return false;
    this.at++;
    return true;
  }

  /** The keyword here, which is left where it is. */
  peekKeyword(): Keyword | undefined {
    return this.peek(KEYWORD) as Keyword | undefined;
  }

  /** Takes that keyword, if it stands here. */
  takeKeyword(keyword: Keyword): Stretch | undefined {
    if (this.peekKeyword() !== keyword) return undefined;
    const start = this.at;
    this.at += keyword.length;
    return { start, end: this.at };
  }

  /** Takes a text in quotes, which begins here; undefined, with an error, where the quotes are not closed. */
  takeQuoted(): string | undefined {
    const { text, at: start } = this;
    let value = "";
    for (let at = start + 1, from = at; at < text.length; at++) {
      if (text[at] === '"') {
        this.at = at + 1;
        return value + text.slice(from, at);
      }
      const isEscape = text[at] === "\\" && (text[at + 1] === '"' || text[at + 1] === "\\");
      if (!isEscape) continue;
      value += text.slice(from, at) + text[at + 1];
      at++;
      from = at + 1;
    }
    const rest = text.slice(start + 1).replace(/\\(["\\])/g, "$1");
    const fix = { start, end: text.length, instead: quoted(rest), label: "Closes the quotes at the end." };
    this.errors.end({ start, end: start + 1 }, "These quotes are not closed.", rest === "" ? undefined : fix);
    return undefined;
  }
}
