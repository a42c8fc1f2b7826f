// Letters that are two columns wide: CJK, Hangul, fullwidth forms (UAX #11, the large blocks of it), and pictures that are
// drawn as such.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;
// What is drawn onto the character before it, or not at all.
const NO_WIDTH = /[\p{Mn}\p{Me}\u200c\u200d]/u;
const ONLY_ASCII = /^[\x20-\x7e]*$/;

/** How many columns of a terminal the text takes: near enough for columns to stand below each other. */
export function textWidth(text: string): number {
  if (ONLY_ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** The text with blanks around it to be so wide. */
export function padded(text: string, width: number, align: "left" | "right"): string {
  const blanks = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "left" ? text + blanks : blanks + text;
}

/** The beginning of the text that is at most so wide, with "…" where something is left out. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = "";
  let left = width - 1;
  for (const character of text) {
    left -= textWidth(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept}…`;
}
