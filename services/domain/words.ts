import { WORD_CHARACTERS_MAX } from "./limits.ts";

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
