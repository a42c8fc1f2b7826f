const NUL_PICTURE = 0x2400; // The pictures of C0 controls stand in their order behind it.
const DELETE_PICTURE = "␡";
// Controls, invisible marks of direction and form (but for the two that join letters), separators of lines.
const NOT_PRINTED = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

/**
 * The text with everything drawn that a terminal would obey or hide: ␛ for an escape, ␊ for a line break, ␉ for a
 * tab, <U+202E> for a mark of direction. So no text of a log can move the cursor, feign a line or turn what stands
 * beside it.
 */
export function drawnText(text: string): string {
  return text.replace(NOT_PRINTED, (character) => {
    const code = character.codePointAt(0)!;
    if (code < 0x20) return String.fromCodePoint(NUL_PICTURE + code);
    if (code === 0x7f) return DELETE_PICTURE;
    return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}

/** The same of a name of requests: "(none)" for those that name no service or path themselves. */
export function drawnName(name: string): string {
  return drawnText(name) || "(none)";
}
