import type { Filter } from "../../gen/logpulse/v1/filter_pb.ts";
import { allConditions, type Condition, EVERY_RECORD } from "../domain/condition.ts";
import { conditionOf } from "../domain/filter-condition.ts";
import { QUERY_WORDS_MAX } from "../domain/limits.ts";
import { parseQuery } from "../domain/query-text/parse-query.ts";
import { boundedText, invalidField } from "../domain/request-fields.ts";
import { severityRangeOfWord } from "../domain/severity.ts";
import { wordsOf } from "../domain/words.ts";

/**
 * What a question's `query` and `filter` ask for together.
 *
 * @throws LogPulseError `invalid_request` naming the field, and for the text the position of the first error in it.
 */
export function readCondition(query: string, filter: Filter | undefined): Condition {
  // A misspelt condition, which Envoy drops from JSON, must not find everything.
  if (filter && filter.condition.case === undefined) {
    throw invalidField("filter", "has no condition in it; leave it out to ask for every record");
  }
  return allConditions([readQueryText(query), conditionOf(filter)]);
}

function readQueryText(query: string): Condition {
  const parsed = parseQuery(query);
  if (!("errors" in parsed)) return conditionOf(parsed.filter, "query");
  const { position, length, message, suggestion } = parsed.errors[0]!;
  const advice = suggestion ? ` Try: ${suggestion}` : "";
  throw invalidField("query", `has an error at character ${position}: ${message}${advice}`, {
    position: String(position),
    length: String(length),
    ...(suggestion ? { suggestion } : {}),
  });
}

/** Each of the words, somewhere in the message or anywhere; every record where `text` is blank. */
export function readWords(field: string, text: string, scope: "message" | "anywhere"): Condition {
  const words = boundedWords(field, text);
  return words.length === 0 ? EVERY_RECORD : { kind: "words", words, scope };
}

/** These words side by side; every record where `text` is blank. */
export function readPhrase(field: string, text: string): Condition {
  const words = boundedWords(field, text);
  return words.length === 0 ? EVERY_RECORD : { kind: "phrase", words };
}

/** The level; every record where `text` is empty. */
export function readLevel(text: string): Condition {
  if (boundedText("level", text) === "") return EVERY_RECORD;
  return { kind: "level", text, range: severityRangeOfWord(text) };
}

function boundedWords(field: string, text: string): string[] {
  const words = wordsOf(boundedText(field, text));
  if (words.length > QUERY_WORDS_MAX) {
    throw invalidField(field, `has ${words.length} words; the limit is ${QUERY_WORDS_MAX}`);
  }
  // A text of marks alone ("!!!") holds no word: it must not find everything.
  if (words.length === 0 && text.trim() !== "") {
    throw invalidField(field, "has no word in it: words are made of letters, digits and _");
  }
  return words;
}
