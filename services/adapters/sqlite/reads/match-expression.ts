import type { Condition, LevelCondition } from "../../../domain/condition.ts";
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

/** An FTS5 expression that every record has that meets a condition. */
export interface Match {
  text: string;
  /** Every record that has it meets the condition. */
  saysAll: boolean;
}

/** What domain/words.ts cuts: nothing else stands in the index, and nothing in it has a meaning to FTS5. */
const WORD = /^[\p{L}\p{N}_]+$/u;

/**
 * The expression for a condition that is no list and no negation; undefined where there is none that helps.
 *
 * Words are told by it alone. Service and level are told by columns, but the words of both are labels: those are asked
 * for as well, so that few records are left whose columns have to be looked at.
 *
 * `hasMarks`: the day's labels hold the marks of trace ids and attributes.
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
      return ofWords([condition.prefix], (words) => `message : ${quoted(words)} *`);
    case "level":
      return ofLabels(ofLevel(condition));
    case "text": {
      if (condition.test !== "equals") return undefined;
      if (condition.field === "service" || condition.field === "severity_text") {
        return ofLabels(ofText(condition.value));
      }
      return condition.field === "trace_id" && hasMarks ? ofLabels(quoted([traceMark(condition.value)])) : undefined;
    }
    case "attribute": {
      const { path, test, value } = condition;
      if (test === "prefix" || !hasMarks) return undefined;
      const mark = test === "equals" ? quoted([attributeMark(path, value)]) : `${quoted([attributePathMark(path)])} *`;
      return ofLabels(`${mark} OR ${quoted([MORE_ATTRIBUTES_MARK])}`);
    }
    default:
      return undefined;
  }
}

/** A word that words.ts could not have cut is in no record. */
function ofWords(words: readonly string[], expression: (words: readonly string[]) => string): Match {
  const isPossible = words.every((word) => WORD.test(word) && word === word.toLowerCase());
  return { text: isPossible ? expression(words) : `labels : ${quoted([NO_RECORDS_MARK])}`, saysAll: true };
}

function ofLabels(labels: string | undefined): Match | undefined {
  return labels === undefined ? undefined : { text: `labels : (${labels})`, saysAll: false };
}

/** What a label of that very text has; undefined for a text without words. */
function ofText(text: string): string | undefined {
  const words = wordsOf(text);
  return words.length > 0 ? quoted(words) : undefined;
}

/** A record is of a level by its severity text, by the severity that was sent, or by that which its text means. */
function ofLevel({ text, range }: LevelCondition): string | undefined {
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
