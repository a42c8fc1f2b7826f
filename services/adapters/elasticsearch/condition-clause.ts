import type {
  AttributeCondition,
  Condition,
  LevelCondition,
  NumberCondition,
  NumberField,
  TextCondition,
  WordsCondition,
} from "../../domain/condition.ts";
import { HTTP_SHORT_BYTES_MAX } from "../../domain/limits.ts";
import {
  allOf,
  type Clause,
  contains,
  EVERYTHING,
  has,
  type Letters,
  NOTHING,
  noneOf,
  oneOf,
  prefix,
  term,
} from "./clause.ts";
import { attributeField, METHOD_LOWER_FIELD, mayBeEmpty, NUMBER_FIELD, TEXT_FIELD } from "./field-names.ts";

/**
 * The clause that the documents of those records meet that meet the condition: the meaning is that of
 * `domain/condition-matcher.ts`. At most three levels deeper than the condition, which stays within the 30 that
 * Elasticsearch takes.
 *
 * At most three leaves for each leaf of the condition, but two for each of its words: a Filter may make up to about
 * 1,280 (256 conditions, 256 words). Elasticsearch takes 1,024 at the least, and usually more: one for each 64 KiB of
 * its heap, divided by its threads for searches. Where that is not enough the answer is `query_too_costly`; see
 * `toStoreError`.
 */
export function conditionClause(condition: Condition): Clause {
  switch (condition.kind) {
    case "all":
      return allOf(condition.of.map(conditionClause));
    case "any":
      return oneOf(condition.of.map(conditionClause));
    case "not":
      return noneOf(conditionClause(condition.of));
    case "words":
      return wordsClause(condition);
    case "phrase":
      return phraseClause(condition.words);
    case "word_prefix":
      return prefix("words", condition.prefix);
    case "level":
      return levelClause(condition);
    case "text":
      return textClause(condition);
    case "number":
      return numberClause(condition);
    case "attribute":
      return attributeClause(condition);
    case "identity":
      return allOf([term("producer", condition.producer), term("seq", condition.seq)]);
  }
}

function wordsClause({ words, scope }: WordsCondition): Clause {
  if (scope === "message") return allOf(words.map((word) => term("words", word)));
  return allOf(words.map((word) => oneOf([term("words", word), term("label_words", word)])));
}

/** The words are cut at blanks again by the field's own analyzer, which is `whitespace`. */
function phraseClause(words: readonly string[]): Clause {
  return words.length === 0 ? EVERYTHING : { match_phrase: { words: { query: words.join(" ") } } };
}

function levelClause({ text, range }: LevelCondition): Clause {
  const letters = term("severity_text", text);
  return range ? oneOf([letters, { range: { severity: { gte: range.min, lte: range.max } } }]) : letters;
}

function textClause({ field, test, value }: TextCondition): Clause {
  const name = TEXT_FIELD[field];
  if (test === "exists") return mayBeEmpty(field) ? allOf([has(name), noneOf(term(name, ""))]) : has(name);
  return field === "method" ? methodClause(test, value.toLowerCase()) : textTest(name, test, value);
}

type TextTest = Exclude<TextCondition["test"], "exists">;

/** Documents of before there was METHOD_LOWER_FIELD have the method only as it was sent. */
function methodClause(test: TextTest, lower: string): Clause {
  const now = textTest(METHOD_LOWER_FIELD, test, lower);
  // No method is longer, and the automaton of a long text is a large one.
  if (lower.length > HTTP_SHORT_BYTES_MAX) return now;
  const before = textTest(TEXT_FIELD.method, test, lower, { case_insensitive: true });
  return oneOf([now, allOf([before, noneOf(has(METHOD_LOWER_FIELD))])]);
}

function textTest(name: string, test: TextTest, value: string, letters?: Letters): Clause {
  if (test === "equals") return term(name, value, letters);
  return test === "prefix" ? prefix(name, value, letters) : contains(name, value, letters);
}

function numberClause({ field, min, max }: NumberCondition): Clause {
  if (min === undefined && max === undefined) return hasNumber(field);
  const inRange = range(field, min, max);
  if (field !== "response_bytes" || (min ?? 0n) > 0n || (max ?? 0n) < 0n) return inRange;
  return oneOf([inRange, allOf([hasNumber(field), noneOf(has(NUMBER_FIELD.response_bytes))])]);
}

function hasNumber(field: NumberField): Clause {
  if (field === "severity") return EVERYTHING; // Of every document with a tenant, which every query names.
  // Every `http` has a status; the bytes are left out where there are none.
  return has(field === "response_bytes" ? NUMBER_FIELD.status : NUMBER_FIELD[field]);
}

/** A bound that the field's type cannot hold is an error to Elasticsearch; here it is one without effect. */
function range(field: NumberField, min: bigint | undefined, max: bigint | undefined): Clause {
  const [lowest, highest] = field === "severity" || field === "status" ? INT32 : INT64;
  if ((min !== undefined && min > highest) || (max !== undefined && max < lowest)) return NOTHING;
  const bounds: Record<string, string> = {}; // As text: JSON numbers lose digits.
  if (min !== undefined) bounds.gte = String(min < lowest ? lowest : min);
  if (max !== undefined) bounds.lte = String(max > highest ? highest : max);
  return { range: { [NUMBER_FIELD[field]]: bounds } };
}

const INT32 = [-(2n ** 31n), 2n ** 31n - 1n] as const;
const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;

function attributeClause({ path, test, value }: AttributeCondition): Clause {
  const name = attributeField(path);
  if (name === undefined) return NOTHING;
  return test === "equals" ? term(name, value) : prefix(name, test === "prefix" ? value : "");
}
