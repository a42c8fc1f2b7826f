import { isAscii } from "node:buffer";
import { SCANNED_WORDS_CHARACTERS_MAX, WORD_CHARACTERS_MAX } from "./limits.ts";

const WORD = /[\p{L}\p{N}_]+/gu;

/**
 * Cuts text into the words that search knows: runs of letters, digits and `_` of the text's NFC lower case, each cut
 * off at 128 characters. Every index is fed this output instead of its own analyzer's, since stock analyzers differ.
 */
export function wordsOf(text: string): string[] {
  const words = text.normalize("NFC").toLowerCase().match(WORD) ?? [];
  return words.map((word) => (word.length > WORD_CHARACTERS_MAX ? cut(word) : word));
}

/** Counts code points, never half of a surrogate pair. */
function cut(word: string): string {
  return Array.from(word).slice(0, WORD_CHARACTERS_MAX).join("");
}

/** The same words, apart by blanks. ASCII text that is not long is cut in one pass: that costs two fifths. */
export function wordsText(text: string): string {
  return asciiWordsText(text) ?? wordsOf(text).join(" ");
}

const BLANK = 32;
/** What each ASCII character is within a word; 0 for those that belong to none. */
const IN_WORD = Uint8Array.from({ length: 128 }, (_, code) =>
  isWordCharacter(code) ? String.fromCharCode(code).toLowerCase().charCodeAt(0) : 0,
);
/** What it writes is never longer than what it reads. */
const scanned = Buffer.alloc(SCANNED_WORDS_CHARACTERS_MAX);

/** Undefined for text that it does not take. */
function asciiWordsText(text: string): string | undefined {
  if (text.length > SCANNED_WORDS_CHARACTERS_MAX) return undefined;
  let end = 0;
  let wordLength = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) return undefined;
    const character = IN_WORD[code]!;
    if (character === 0) {
      wordLength = 0;
      continue;
    }
    if (wordLength === 0 && end > 0) scanned[end++] = BLANK;
    if (wordLength++ < WORD_CHARACTERS_MAX) scanned[end++] = character;
  }
  return scanned.toString("latin1", 0, end);
}

/**
 * The same words for an index whose own tokenizer takes `[A-Za-z0-9_]` and everything beyond ASCII for letters, cuts at
 * everything else and folds ASCII to lower case (FTS5's `ascii` with `tokenchars '_'`): the words apart by blanks, or
 * the text itself where such a tokenizer cuts it in the same way. That is most of it, and costs a tenth.
 */
export function wordsToIndex(utf8: Uint8Array): Uint8Array | string {
  if (isAscii(utf8) && !hasLongWord(utf8)) return utf8;
  return wordsOf(Buffer.from(utf8.buffer, utf8.byteOffset, utf8.length).toString("utf8")).join(" ");
}

/** Whether a word of ASCII text has more than 128 characters. */
function hasLongWord(ascii: Uint8Array): boolean {
  let start = 0;
  for (let at = WORD_CHARACTERS_MAX; at < ascii.length; ) {
    // Behind a character that belongs to no word, a long word needs as many again: most characters are never looked at.
    let back = at;
    while (back >= start && isWordCharacter(ascii[back]!)) back--;
    if (back < start) return true;
    start = back + 1;
    at = back + 1 + WORD_CHARACTERS_MAX;
  }
  return false;
}

function isWordCharacter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95;
}
