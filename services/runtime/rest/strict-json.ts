import type { JsonValue } from "@bufbuild/protobuf";
import { LogPulseError } from "../../domain/errors.ts";
import { JSON_DEPTH_MAX, JSON_VALUES_MAX } from "../../domain/limits.ts";

/**
 * The value of a JSON text (RFC 8259), where it means the same to every reader: no name twice in an object, no half of
 * a surrogate pair, no number beyond a double. `what` is named in errors: "the body".
 *
 * Depth and number of values are bounded before anything is built.
 *
 * @throws LogPulseError `invalid_request`.
 */
export function parseStrictJson(text: string, what: string): JsonValue {
  new JsonCheck(text, what).run();
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new LogPulseError("invalid_request", `${what} is no JSON: ${(cause as Error).message}`, { cause });
  }
}

const QUOTE = 0x22;
const OPENINGS = "{[";
const NUMBER = /[0-9+\-.eE]+/y;
const DIGITS_IN_RANGE = 300;
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/** Walks over the text. It does not look whether that is JSON: what is wrong there, JSON.parse finds. */
class JsonCheck {
  private readonly text: string;
  private readonly what: string;
  /** The names of each object that is open; of an array nothing. */
  private readonly open: (Set<string> | undefined)[] = [];
  private nameComes = false;
  private values = 0;
  private nextBackslash = -1;

  constructor(text: string, what: string) {
    this.text = text;
    this.what = what;
  }

  run(): void {
    const { text } = this;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) at = this.passString(at);
      else if ((code >= 0x30 && code <= 0x39) || code === 0x2d) at = this.passNumber(at);
      else if (code > 0x20) this.passSign(text[at]!);
    }
  }

  private passSign(sign: string): void {
    if (OPENINGS.includes(sign)) {
      this.count();
      this.nameComes = sign === "{";
      if (this.open.push(this.nameComes ? new Set() : undefined) > JSON_DEPTH_MAX) {
        throw this.wrong(`has more than ${JSON_DEPTH_MAX} arrays and objects in one another`);
      }
    } else if (sign === "}" || sign === "]") {
      this.open.pop();
      this.nameComes = false;
    } else if (sign === ",") {
      this.count();
      this.nameComes = this.open.at(-1) !== undefined;
    } else if (sign === ":") {
      this.nameComes = false;
    }
  }

  /** Gives the place of the closing quote. */
  private passString(opening: number): number {
    const closing = this.endOfString(opening);
    const hasEscape = this.nextBackslash > opening && this.nextBackslash < closing;
    const names = this.nameComes ? this.open.at(-1) : undefined;
    if (!hasEscape) {
      if (names) this.addName(names, this.text.slice(opening + 1, closing));
      return closing;
    }
    const literal = this.text.slice(opening, closing + 1);
    if (names || ESCAPED_SURROGATE.test(literal)) {
      const value = unescaped(literal);
      if (!value.isWellFormed()) throw this.wrong(`has half of a surrogate pair in ${cut(literal)}`);
      if (names) this.addName(names, value);
    }
    return closing;
  }

  /** Backslashes are looked for once, however many strings have none. The first one in this string is remembered. */
  private endOfString(opening: number): number {
    const { text } = this;
    let from = opening + 1;
    if (this.nextBackslash < from) this.nextBackslash = indexOrEnd(text, "\\", from);
    for (let backslash = this.nextBackslash; ; backslash = indexOrEnd(text, "\\", from)) {
      const quote = indexOrEnd(text, '"', from);
      if (backslash > quote) return quote;
      if (backslash >= text.length) return text.length;
      from = backslash + 2;
    }
  }

  private passNumber(start: number): number {
    NUMBER.lastIndex = start;
    const literal = NUMBER.exec(this.text)![0];
    const mayBeTooLarge = literal.length > DIGITS_IN_RANGE || /[eE]/.test(literal);
    if (mayBeTooLarge && Math.abs(Number(literal)) === Number.POSITIVE_INFINITY) {
      throw this.wrong(`has the number ${cut(literal)}, which is beyond the range of a double`);
    }
    return start + literal.length - 1;
  }

  private addName(names: Set<string>, name: string): void {
    if (names.has(name)) throw this.wrong(`has the name ${cut(JSON.stringify(name))} twice in one object`);
    names.add(name);
  }

  private count(): void {
    this.values += 1;
    if (this.values > JSON_VALUES_MAX) throw this.wrong(`has more than ${JSON_VALUES_MAX} values`);
  }

  private wrong(how: string): LogPulseError {
    return new LogPulseError("invalid_request", `${this.what} ${how}`);
  }
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const found = text.indexOf(wanted, from);
  return found < 0 ? text.length : found;
}

/** The value of a string's text; as it stands where it is no JSON. */
function unescaped(literal: string): string {
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal; // JSON.parse of the whole says what is wrong with it.
  }
}

function cut(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
