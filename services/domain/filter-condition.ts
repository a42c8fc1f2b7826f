import {
  type AttributeCondition,
  type Filter,
  type FilterList,
  WordsCondition_Match as Match,
  type NumberCondition,
  WordsCondition_Scope as Scope,
  type TextCondition,
  type WordsCondition,
} from "../../gen/logpulse/v1/filter_pb.ts";
import { type Condition, EVERY_RECORD } from "./condition.ts";
import { numberFieldOf, textFieldOf } from "./filter-fields.ts";
import { parseIdentity } from "./identity.ts";
import {
  FILTER_ATTRIBUTE_PATH_BYTES_MAX,
  FILTER_CONDITIONS_MAX,
  FILTER_CONTAINS_MAX,
  FILTER_DEPTH_MAX,
  FILTER_PATTERN_BYTES_MAX,
  FILTER_WORDS_MAX,
} from "./limits.ts";
import { boundedText, invalidField } from "./request-fields.ts";
import { severityRangeOfWord } from "./severity.ts";
import { wordsOf } from "./words.ts";

/**
 * The condition that a filter of the contract means; every record where there is none. `place`: where it was given.
 *
 * @throws LogPulseError `invalid_request` that names the place within the filter, the value and what is wanted.
 */
export function conditionOf(filter: Filter | undefined, place = "filter"): Condition {
  if (filter?.condition.case === undefined) return EVERY_RECORD;
  return new FilterReading().condition(filter, place, 1);
}

/** One filter as it is read: what it may have is counted over all of it. */
class FilterReading {
  private conditions = 0;
  private words = 0;
  private contains = 0;

  /** `depth`: 1 for the filter itself. */
  condition({ condition }: Filter, place: string, depth: number): Condition {
    if (depth > FILTER_DEPTH_MAX) throw invalidField(place, `lies too deep; the limit is ${FILTER_DEPTH_MAX} levels`);
    this.conditions++;
    if (this.conditions > FILTER_CONDITIONS_MAX) {
      throw invalidField(place, `is one condition too many; the limit is ${FILTER_CONDITIONS_MAX}`);
    }
    const at = `${place}.${condition.case}`;
    switch (condition.case) {
      case "all":
      case "any":
        return { kind: condition.case, of: this.list(condition.value, at, depth) };
      case "not":
        return { kind: "not", of: this.condition(condition.value, at, depth + 1) };
      case "words":
        return this.wordsCondition(condition.value, at);
      case "level":
        return levelCondition(condition.value, at);
      case "text":
        return this.textCondition(condition.value, at);
      case "number":
        return numberCondition(condition.value, at);
      case "attribute":
        return attributeCondition(condition.value, at);
      case "id":
        return { kind: "identity", ...parseIdentity(condition.value, at) };
      case undefined:
        throw invalidField(place, "has no condition that this server knows");
    }
  }

  private list({ filters }: FilterList, place: string, depth: number): Condition[] {
    return filters.map((filter, index) => this.condition(filter, `${place}.filters[${index}]`, depth + 1));
  }

  private wordsCondition({ text, match, scope }: WordsCondition, place: string): Condition {
    const words = wordsOf(askedText(`${place}.text`, text));
    if (words.length === 0) {
      throw invalidField(`${place}.text`, "has no word in it: words are made of letters, digits and _");
    }
    this.words += words.length;
    if (this.words > FILTER_WORDS_MAX) {
      throw invalidField(`${place}.text`, `makes ${this.words} words in all; the limit is ${FILTER_WORDS_MAX}`);
    }
    const isAnywhere = scope === Scope.ANYWHERE;
    if (!isAnywhere && scope !== Scope.UNSPECIFIED && scope !== Scope.MESSAGE) {
      throw invalidField(`${place}.scope`, `is ${scope}, which this server does not know`);
    }
    if (match === Match.UNSPECIFIED || match === Match.ALL) {
      return { kind: "words", words, scope: isAnywhere ? "anywhere" : "message" };
    }
    if (isAnywhere) throw invalidField(`${place}.scope`, "is SCOPE_ANYWHERE, which is for MATCH_ALL only");
    if (match === Match.PHRASE) return { kind: "phrase", words };
    if (match !== Match.PREFIX) throw invalidField(`${place}.match`, `is ${match}, which this server does not know`);
    if (words.length > 1) {
      throw invalidField(`${place}.text`, `has ${words.length} words; the beginning of one word is wanted`);
    }
    return { kind: "word_prefix", prefix: words[0]! };
  }

  private textCondition({ field, test }: TextCondition, place: string): Condition {
    const asked = textFieldOf(field);
    if (!asked) throw invalidField(`${place}.field`, `is ${field}; a field of TextCondition.Field is wanted`);
    if (test.case === "contains") this.contains++;
    if (this.contains > FILTER_CONTAINS_MAX) {
      throw invalidField(`${place}.contains`, `is one of its kind too many; the limit is ${FILTER_CONTAINS_MAX}`);
    }
    return { kind: "text", field: asked, ...testOf<"equals" | "prefix" | "contains">(test, place) };
  }
}

function levelCondition(level: string, place: string): Condition {
  const text = askedText(place, level);
  return { kind: "level", text, range: severityRangeOfWord(text) };
}

function numberCondition({ field, min, max }: NumberCondition, place: string): Condition {
  const asked = numberFieldOf(field);
  if (!asked) throw invalidField(`${place}.field`, `is ${field}; a field of NumberCondition.Field is wanted`);
  return { kind: "number", field: asked, min, max };
}

function attributeCondition({ path, test }: AttributeCondition, place: string): Condition {
  const asked = askedText(`${place}.path`, path, FILTER_ATTRIBUTE_PATH_BYTES_MAX);
  return { kind: "attribute", path: asked, ...testOf<"equals" | "prefix">(test, place) };
}

type Test<Kind extends string> =
  | { case: Kind; value: string }
  | { case: "exists"; value: boolean }
  | { case: undefined; value?: undefined };

/** What a text must be, of those kinds that its field has. */
function testOf<Kind extends string>(test: Test<Kind>, place: string): { test: Kind | "exists"; value: string } {
  if (test.case === undefined) throw invalidField(place, "says nothing of what the text must be");
  if (typeof test.value === "string") {
    const bytesMax = test.case === "equals" ? undefined : FILTER_PATTERN_BYTES_MAX;
    return { test: test.case, value: askedText(`${place}.${test.case}`, test.value, bytesMax) };
  }
  if (test.value) return { test: "exists", value: "" };
  throw invalidField(`${place}.exists`, "is false; `not` of a condition with true asks for that");
}

/** A text that can be asked for. */
function askedText(field: string, text: string, bytesMax?: number): string {
  if (text === "") throw invalidField(field, "is empty; one character at least is wanted");
  if (!text.isWellFormed()) throw invalidField(field, "is not valid Unicode");
  return boundedText(field, text, bytesMax);
}
