/** A key that was pressed. `text`: a character that was typed. */
export type Key =
  | { name: "text"; text: string }
  | {
      name:
        | "up"
        | "down"
        | "pageUp"
        | "pageDown"
        | "home"
        | "end"
        | "enter"
        | "escape"
        | "backspace"
        | "interrupt"
        | "suspend";
    };

const ESCAPE = "\u001b";
const SEQUENCES: Readonly<Record<string, Key>> = {
  A: { name: "up" },
  B: { name: "down" },
  H: { name: "home" },
  F: { name: "end" },
  "1~": { name: "home" },
  "4~": { name: "end" },
  "5~": { name: "pageUp" },
  "6~": { name: "pageDown" },
};
const CONTROLS: Readonly<Record<string, Key>> = {
  "\r": { name: "enter" },
  "\n": { name: "enter" },
  "\u007f": { name: "backspace" },
  "\b": { name: "backspace" },
  "\u0003": { name: "interrupt" },
  "\u001a": { name: "suspend" },
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what terminals send.
const PIECE = /\u001b(?:\[|O)([\d;]*[A-Za-z~])|\u001b\[[\d;]*$|./gsu;

/** What may be the beginning of a sequence, at the end of what came. An escape alone may be the key, too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what terminals send.
const BEGUN = /\u001b(?:O|\[[\d;]*)?$/;
const REST_MS_MAX = 50; // A terminal sends a sequence at once, but it may come in two pieces, over ssh for one.

/** Keys of a terminal whose sequences come in pieces. What is only the beginning of one is held for REST_MS_MAX. */
export class KeyReader {
  private readonly onKeys: (keys: Key[]) => void;
  private held = "";
  private timer: NodeJS.Timeout | undefined;

  constructor(onKeys: (keys: Key[]) => void) {
    this.onKeys = onKeys;
  }

  /** Takes what the terminal sent. */
  take(sent: string): void {
    clearTimeout(this.timer);
    const text = this.held + sent;
    this.held = BEGUN.exec(text)?.[0] ?? "";
    if (this.held !== "") this.timer = setTimeout(() => this.letGo(), REST_MS_MAX);
    this.onKeys(readKeys(text.slice(0, text.length - this.held.length)));
  }

  /** Nothing more is told. */
  end(): void {
    clearTimeout(this.timer);
  }

  private letGo(): void {
    const text = this.held;
    this.held = "";
    this.onKeys(readKeys(text));
  }
}

/**
 * The keys in what a terminal sent, in their order. An escape that begins no known sequence is the Escape key; keys that
 * nobody knows are left out, whole.
 */
export function readKeys(sent: string): Key[] {
  const keys: Key[] = [];
  for (const [piece, sequence] of sent.matchAll(PIECE)) {
    const key = sequence === undefined ? keyOfPiece(piece) : SEQUENCES[sequence];
    if (key) keys.push(key);
  }
  return keys;
}

function keyOfPiece(piece: string): Key | undefined {
  if (piece === ESCAPE) return { name: "escape" };
  const control = CONTROLS[piece];
  if (control) return control;
  return /^\P{Cc}$/u.test(piece) ? { name: "text", text: piece } : undefined;
}
