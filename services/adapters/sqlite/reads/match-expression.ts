import { levelWordsIn } from "../../../domain/severity.ts";
import { wordsOf } from "../../../domain/words.ts";
import type { LogQuery } from "../../../ports/log-search.ts";
import { severityMarks } from "./severity-mark.ts";

/** What domain/words.ts cuts: nothing else stands in the index, and nothing in it has a meaning to FTS5. */
const WORD = /^[\p{L}\p{N}_]+$/u;

/** True where one of the words asked for is none that words.ts could have cut: no record has it. */
export function hasImpossibleWord({ words, phrase, anywhere }: LogQuery): boolean {
  return [...words, ...phrase, ...anywhere].some((word) => !WORD.test(word) || word !== word.toLowerCase());
}

/**
 * An FTS5 expression that every record of the query meets; undefined where there is none. Words are compared by it.
 *
 * Service and level are told by columns, but the words of both are labels: those are asked for as well, so that few
 * records are left whose columns have to be looked at.
 */
export function matchExpression({ words, phrase, anywhere, service, level }: LogQuery): string | undefined {
  const labels = [service === undefined ? undefined : ofText(service), level && ofLevel(level)];
  const parts = [
    ...words.map((word) => `message : ${quoted([word])}`),
    ...(phrase.length > 0 ? [`message : ${quoted(phrase)}`] : []),
    ...anywhere.map((word) => quoted([word])),
    ...labels.filter((some) => some !== undefined).map((some) => `labels : (${some})`),
  ];
  return parts.length > 0 ? [...new Set(parts)].join(" AND ") : undefined;
}

/** What a label of that very text has; undefined for a text without words. */
function ofText(text: string): string | undefined {
  const words = wordsOf(text);
  return words.length > 0 ? quoted(words) : undefined;
}

/** A record is of a level by its severity text, by the severity that was sent, or by that which its text means. */
function ofLevel({ text, range }: NonNullable<LogQuery["level"]>): string | undefined {
  const bySameText = ofText(text);
  if (range === undefined || bySameText === undefined) return bySameText;
  const marks = severityMarks(range);
  if (marks === undefined) return undefined;
  return [...new Set([bySameText, ...[...marks, ...levelWordsIn(range)].map((word) => quoted([word]))])].join(" OR ");
}

/** Words side by side, as an FTS5 string. They hold no quotes; those of a hostile caller would be doubled. */
function quoted(words: readonly string[]): string {
  return `"${words.join(" ").replaceAll('"', '""')}"`;
}
