import { FILTER_PATTERN_BYTES_MAX } from "../../services/domain/limits.ts";
import { anyOf, notOf, textOf } from "../../services/domain/query-text/make-filter.ts";
import { queryText } from "../../services/domain/query-text/query-text.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import type { TopGrouping } from "./ask-top.ts";

/** The query that finds the records of a row. Paths of records have their query, those of statistics do not. */
export function tailQuery(by: TopGrouping, name: string): string {
  if (name === "") return queryText(notOf(textOf(by, "exists", "")));
  if (by === "service") return queryText(textOf("service", "equals", name));
  const withQuery = `${name}?`;
  const isLong = Buffer.byteLength(withQuery) > FILTER_PATTERN_BYTES_MAX;
  const same = textOf("path", "equals", name);
  return queryText(isLong ? same : anyOf([same, textOf("path", "prefix", withQuery)]));
}

/**
 * The text as one word of a shell's command line. What a terminal would obey or hide is written as its bytes, `$'\033'`,
 * which bash, zsh and ksh read.
 */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (drawnText(text) === text) return `'${text.replaceAll("'", "'\\''")}'`;
  const characters = Array.from(text, (character) => {
    if (drawnText(character) !== character) return Array.from(Buffer.from(character), octal).join("");
    return /['\\]/.test(character) ? `\\${character}` : character;
  });
  return `$'${characters.join("")}'`;
}

/** With all three digits, so that a digit behind it does not belong to it. */
function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, "0")}`;
}
