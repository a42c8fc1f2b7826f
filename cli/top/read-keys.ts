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
