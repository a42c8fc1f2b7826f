import type { Condition, LevelCondition } from "../../../domain/condition.ts";
import { READ_WORDS_ASKED_MAX } from "../../../domain/limits.ts";
import { levelWordsIn } from "../../../domain/severity.ts";
import { wordsOf } from "../../../domain/words.ts";
import {
  attributeMark,
  attributePathMark,
  MORE_ATTRIBUTES_MARK,
  NO_RECORDS_MARK,
  severityMarks,
  traceMark,
} from "./record-marks.ts";

/** What the index of words may go through for an expression, in words: what it has of a word that is in all records. */
export interface WordCost {
  words: number;
  /** Those of them that may be gone through without a record that has the expression: nothing can end that. */
  quiet: number;
}

/** An FTS5 expression that every record has that meets a condition. */
export interface Match {
  text: string;
  /** Every record that has it meets the condition. */
  saysAll: boolean;
  cost: WordCost;
}

/** A beginning of words: all words that begin so are gone through before the first record is told. */
const BEGINNING_COST: WordCost = { words: 8, quiet: 8 };

/** What domain/words.ts cuts: nothing else stands in the index, and nothing in it has a meaning to FTS5. */
const WORD = /^[\p{L}\p{N}_]+$/u;

/**
 * The expression for a condition that is no list and no negation; undefined where there is none that helps.
 *
 * Words are told by it alone. Service and level are told by columns, but the words of both are labels: those are asked
 * for as well, so that few records are left whose columns have to be looked at.
 *
 * Of very many words only the first READ_WORDS_ASKED_MAX are asked for. `hasMarks`: the day's labels hold the marks of trace ids and attributes.
 */
export function matchOf(condition: Condition, hasMarks: boolean): Match | undefined {
  switch (condition.kind) {
    case "words": {
      const column = condition.scope === "message" ? "message : " : "";
      return ofWords(condition.words, (words) => words.map((word) => column + quoted([word])).join(" AND "));
    }
    case "phrase":
      return ofWords(condition.words, (words) => `message : ${quoted(words)}`);
    case "word_prefix":
      return ofWords([condition.prefix], (words) => `message : ${quoted(words)} *`, BEGINNING_COST);
    case "level":
      return ofLabels(ofLevel(condition));
    case "text": {
      if (condition.test !== "equals") return undefined;
      if (condition.field === "service" || condition.field === "severity_text") {
        return ofLabels(ofText(condition.value));
      }
      return condition.field === "trace_id" && hasMarks ? ofLabels(ofMarks(traceMark(condition.value))) : undefined;
    }
    case "attribute": {
      const { path, test, value } = condition;
      if (test === "prefix" || !hasMarks) return undefined;
      if (test === "equals") return ofLabels(ofMarks(attributeMark(path, value), MORE_ATTRIBUTES_MARK));
      const text = `${quoted([attributePathMark(path)])} * OR ${quoted([MORE_ATTRIBUTES_MARK])}`;
      return ofLabels({ text, cost: { words: BEGINNING_COST.words + 1, quiet: BEGINNING_COST.quiet } });
    }
    default:
      return undefined;
  }
}

/** A word that words.ts could not have cut is in no record. */
function ofWords(
  words: readonly string[],
  expression: (words: readonly string[]) => string,
  cost = costOfWords(words),
): Match {
  const isPossible = words.every((word) => WORD.test(word) && word === word.toLowerCase());
  if (!isPossible) return { text: `labels : ${quoted([NO_RECORDS_MARK])}`, saysAll: true, cost: costOfWords([]) };
  const asked = words.slice(0, READ_WORDS_ASKED_MAX);
  return { text: expression(asked), saysAll: asked.length === words.length, cost };
}

/** Of words that a record must have all, as one phrase or wherever they stand: a single one tells each record. */
function costOfWords({ length }: readonly string[]): WordCost {
  const words = Math.min(length, READ_WORDS_ASKED_MAX);
  return { words, quiet: words > 1 ? words : 0 };
}

/** An expression on labels. */
interface Labels {
  text: string;
  cost: WordCost;
}

function ofLabels(labels: Labels | undefined): Match | undefined {
  return labels && { text: `labels : (${labels.text})`, saysAll: false, cost: labels.cost };
}

/** One of some words, each of which is a label. */
function ofMarks(...marks: readonly string[]): Labels {
  return { text: marks.map((mark) => quoted([mark])).join(" OR "), cost: { words: marks.length, quiet: 0 } };
}

/** What a label of that very text has; undefined for a text without words. */
function ofText(text: string): Labels | undefined {
  const words = wordsOf(text).slice(0, READ_WORDS_ASKED_MAX);
  return words.length > 0 ? { text: quoted(words), cost: costOfWords(words) } : undefined;
}

/** A record is of a level by its severity text, by the severity that was sent, or by that which its text means. */
function ofLevel({ text, range }: LevelCondition): Labels | undefined {
  const bySameText = ofText(text);
  if (range === undefined || bySameText === undefined) return bySameText;
  const marks = severityMarks(range);
  if (marks === undefined) return undefined;
  const texts = [...new Set([bySameText.text, ...[...marks, ...levelWordsIn(range)].map((word) => quoted([word]))])];
  const { words, quiet } = bySameText.cost;
  return { text: texts.join(" OR "), cost: { words: words + texts.length - 1, quiet } };
}

/** Words side by side, as an FTS5 string. They hold no quotes; those of a hostile caller would be doubled. */
function quoted(words: readonly string[]): string {
  return `"${words.join(" ").replaceAll('"', '""')}"`;
}
