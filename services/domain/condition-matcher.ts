import type {
  AttributeCondition,
  Condition,
  LevelCondition,
  NumberCondition,
  NumberField,
  TextCondition,
  WordsCondition,
} from "./condition.ts";
import type { MatchedRecord } from "./matched-record.ts";

/** Whether a record meets a condition. */
export type RecordMatcher = (record: MatchedRecord) => boolean;

/**
 * Makes a condition ready to be asked of many records: the plain meaning of each condition, to which every engine is
 * held. Of conditions side by side the cheap ones are asked first. A match takes time linear in the record.
 */
export function conditionMatcher(condition: Condition): RecordMatcher {
  switch (condition.kind) {
    case "all":
      return allOf(cheapFirst(condition.of).map(conditionMatcher));
    case "any":
      return anyOf(cheapFirst(condition.of).map(conditionMatcher));
    case "not":
      return inverse(conditionMatcher(condition.of));
    case "words":
      return wordsMatcher(condition);
    case "phrase":
      return phraseMatcher(condition.words);
    case "word_prefix":
      return ({ words }) => words.some((word) => word.startsWith(condition.prefix));
    case "level":
      return levelMatcher(condition);
    case "text":
      return textMatcher(condition);
    case "number":
      return numberMatcher(condition);
    case "attribute":
      return attributeMatcher(condition);
    case "identity":
      return ({ producer, seq }) => seq === condition.seq && producer === condition.producer;
  }
}

/** What a condition costs of a record of which nothing was read yet: words are cut from the whole message. */
const EFFORT: Record<Exclude<Condition["kind"], "all" | "any" | "not">, number> = {
  identity: 0,
  number: 1,
  level: 2,
  text: 3,
  words: 4,
  phrase: 5,
  word_prefix: 5,
  attribute: 6,
};

function effortOf(condition: Condition): number {
  if (condition.kind === "not") return effortOf(condition.of);
  if (condition.kind !== "all" && condition.kind !== "any") return EFFORT[condition.kind];
  return condition.of.reduce((most, inner) => Math.max(most, effortOf(inner)), 0);
}

function cheapFirst(conditions: readonly Condition[]): Condition[] {
  return conditions
    .map((condition) => ({ condition, effort: effortOf(condition) }))
    .sort((a, b) => a.effort - b.effort)
    .map(({ condition }) => condition);
}

function allOf(matchers: readonly RecordMatcher[]): RecordMatcher {
  if (matchers.length === 1) return matchers[0]!;
  return (record) => {
    for (const matches of matchers) if (!matches(record)) return false;
    return true;
  };
}

function anyOf(matchers: readonly RecordMatcher[]): RecordMatcher {
  if (matchers.length === 1) return matchers[0]!;
  return (record) => {
    for (const matches of matchers) if (matches(record)) return true;
    return false;
  };
}

function inverse(matches: RecordMatcher): RecordMatcher {
  return (record) => !matches(record);
}

function wordsMatcher({ words, scope }: WordsCondition): RecordMatcher {
  if (scope === "message") return (record) => words.every((word) => record.hasWord(word));
  return (record) => words.every((word) => record.hasLabelWord(word) || record.hasWord(word));
}

/**
 * Knuth, Morris and Pratt: "a a a b" is looked for in a long "a a a a ..." in one pass.
 *
 * `back[n]`: where the first n words stand, how many of the last of them the phrase begins with, n itself excepted.
 */
function phraseMatcher(phrase: readonly string[]): RecordMatcher {
  const back = [0, 0];
  for (let length = 1; length < phrase.length; length++) {
    let fits = back[length]!;
    while (fits > 0 && phrase[length] !== phrase[fits]) fits = back[fits]!;
    back.push(phrase[length] === phrase[fits] ? fits + 1 : 0);
  }
  const standsIn = (words: readonly string[]): boolean => {
    let fits = 0;
    for (const word of words) {
      while (fits > 0 && word !== phrase[fits]) fits = back[fits]!;
      if (word === phrase[fits]) fits++;
      if (fits === phrase.length) return true;
    }
    return phrase.length === 0;
  };
  return (record) => phrase.every((word) => record.hasWord(word)) && standsIn(record.words);
}

function levelMatcher({ text, range }: LevelCondition): RecordMatcher {
  if (!range) return (record) => record.text("severity_text") === text;
  const { min, max } = range;
  return (record) => (record.severity >= min && record.severity <= max) || record.text("severity_text") === text;
}

function textMatcher({ field, test, value }: TextCondition): RecordMatcher {
  if (field === "method") {
    const meets = textTest(test, value.toLowerCase());
    return (record) => meets(record.text("method").toLowerCase());
  }
  const meets = textTest(test, value);
  return (record) => meets(record.text(field));
}

function textTest(test: TextCondition["test"], value: string): (text: string) => boolean {
  if (test === "equals") return (text) => text === value;
  if (test === "prefix") return (text) => text.startsWith(value);
  if (test === "contains") return (text) => text.includes(value);
  return (text) => text !== "";
}

function numberMatcher({ field, min, max }: NumberCondition): RecordMatcher {
  if (field === "severity" || field === "status") return smallNumberMatcher(field, min, max);
  return (record) => {
    const number = record.number(field);
    return number !== undefined && (min === undefined || number >= min) && (max === undefined || number <= max);
  };
}

/** Of 32 bits: comparing them with rounded bounds is exact, and cheaper. */
function smallNumberMatcher(field: NumberField, min: bigint | undefined, max: bigint | undefined): RecordMatcher {
  const low = min === undefined ? Number.NEGATIVE_INFINITY : Number(min);
  const high = max === undefined ? Number.POSITIVE_INFINITY : Number(max);
  return (record) => {
    const number = record.number(field);
    return typeof number === "number" && number >= low && number <= high;
  };
}

function attributeMatcher({ path, test, value }: AttributeCondition): RecordMatcher {
  if (test === "exists") return (record) => record.leaves(path).length > 0;
  if (test === "equals") return (record) => record.leaves(path).some(({ text }) => text === value);
  return (record) => record.leaves(path).some(({ text }) => text.startsWith(value));
}
