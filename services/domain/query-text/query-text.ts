import {
  type AttributeCondition,
  type Filter,
  WordsCondition_Match as Match,
  type NumberCondition,
  WordsCondition_Scope as Scope,
  type TextCondition,
  type WordsCondition,
} from "../../../gen/logpulse/v1/filter_pb.ts";
import { attributeFieldName, FIELD_NAMES, type FieldName, quoted } from "../field-names.ts";
import { numberFieldOf, textFieldOf } from "../filter-fields.ts";
import { SEVERITY_RANGE_NAMES, severityRangeNumber } from "../severity.ts";
import { wordsOf } from "../words.ts";
import { writtenValue } from "./field-term.ts";
import { textOfNumber } from "./number-value.ts";

/**
 * The text form of a filter that `conditionOf` takes: read again, it finds the same records. What came from a text comes
 * back as the same filter, but for blanks in it and the like; "" asks for every record.
 *
 * @throws Error for a filter that `conditionOf` refuses.
 */
export function queryText(filter: Filter): string {
  const { condition } = filter;
  const isEvery = condition.case === undefined || (condition.case === "all" && condition.value.filters.length === 0);
  return isEvery ? "" : written(filter, "whole");
}

/** Where a condition stands: on its own, beside others, or behind a "-". Joined ones then need parentheses. */
type Place = "whole" | "beside others" | "negated";

function written({ condition }: Filter, place: Place): string {
  switch (condition.case) {
    case "all":
      return condition.value.filters.length === 0 ? "*" : joined(condition.value.filters, " ", place);
    case "any":
      if (condition.value.filters.length > 0) return joined(condition.value.filters, " OR ", place);
      return place === "negated" ? "(-*)" : "-*";
    case "not": {
      const inner = `-${written(condition.value, "negated")}`;
      return place === "negated" ? `(${inner})` : inner;
    }
    case "words":
      return wordsText(condition.value, place);
    case "level":
      return `level:${writtenValue(condition.value)}`;
    case "text":
      return textText(condition.value);
    case "number":
      return numberText(condition.value, place);
    case "attribute":
      return attributeText(condition.value);
    case "id":
      return `id:${condition.value}`;
    case undefined:
      throw new Error("a filter without a condition has no text form");
  }
}

function joined(filters: readonly Filter[], between: string, place: Place): string {
  if (filters.length === 1) return written(filters[0]!, place);
  return inPlace(filters.map((filter) => written(filter, "beside others")).join(between), place);
}

function inPlace(joinedText: string, place: Place): string {
  return place === "whole" ? joinedText : `(${joinedText})`;
}

function wordsText({ text, match, scope }: WordsCondition, place: Place): string {
  if (scope === Scope.ANYWHERE) return `anywhere:${writtenValue(text)}`;
  if (match === Match.PREFIX) return `${wordText(text)}*`;
  const words = wordsOf(text);
  if (words.length === 1) return wordText(text);
  if (match === Match.PHRASE) return quoted(text);
  return inPlace(words.map(wordText).join(" "), place);
}

/** One word; in quotes where it would be a keyword, or is written with marks that mean something. */
function wordText(text: string): string {
  return /^[\p{L}\p{N}_]+$/u.test(text) && !/^(?:AND|OR|NOT)$/.test(text) ? text : quoted(text);
}

function textText({ field, test }: TextCondition): string {
  const asked = textFieldOf(field);
  const name = nameOf(({ asks }) => asks.kind === "text" && asks.field === asked);
  if (test.case === "contains") return `${name}~${writtenValue(test.value)}`;
  return `${name}:${testText(test)}`;
}

function attributeText({ path, test }: AttributeCondition): string {
  return `${attributeFieldName(path)}:${testText(test)}`;
}

function testText(test: { case: string | undefined; value?: string | boolean | undefined }): string {
  if (typeof test.value !== "string") return "*";
  return test.case === "prefix" ? `${writtenValue(test.value)}*` : writtenValue(test.value);
}

function numberText({ field, min, max }: NumberCondition, place: Place): string {
  const asked = numberFieldOf(field);
  const found = FIELD_NAMES.find(({ asks }) => asks.kind === "number" && asks.field === asked);
  if (found?.asks.kind !== "number") throw new Error(`number field ${field} has no name`);
  const { name, asks } = found;
  const bound = (of: bigint) => textOfNumber(of, asks.unit);
  if (min === undefined && max === undefined) return `${name}:*`;
  if (min === max) return `${name}:${bound(min!)}`;
  if (asks.field === "severity" && (min === undefined || max === undefined)) {
    const level = levelText(min, max);
    if (level !== undefined) return level;
  }
  const bounds = [min === undefined ? "" : `${name}>=${bound(min)}`, max === undefined ? "" : `${name}<=${bound(max)}`];
  const both = bounds.filter((text) => text !== "");
  return both.length === 1 ? both[0]! : inPlace(both.join(" "), place);
}

/** A bound at the beginning or the end of a level's range is said by the level. */
function levelText(min: bigint | undefined, max: bigint | undefined): string | undefined {
  const severity = Number(min ?? max);
  const range = severityRangeNumber(severity);
  if (range === 0) return undefined;
  const name = SEVERITY_RANGE_NAMES[range]!;
  if (min !== undefined) return severity % 4 === 1 ? `level>=${name}` : undefined;
  return severity % 4 === 0 ? `level<=${name}` : undefined;
}

function nameOf(isIt: (field: FieldName) => boolean): string {
  const found = FIELD_NAMES.find(isIt);
  if (!found) throw new Error("a condition of the filter has a field without a name");
  return found.name;
}
