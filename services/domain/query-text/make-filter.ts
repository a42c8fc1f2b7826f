import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Filter,
  FilterSchema,
  WordsCondition_Match,
  WordsCondition_Scope,
} from "../../../gen/logpulse/v1/filter_pb.ts";
import type { NumberField, TextField } from "../condition.ts";
import { NUMBER_FIELD_ENUM, TEXT_FIELD_ENUM } from "../filter-fields.ts";
import { wordsOf } from "../words.ts";

/** A text that has one word at least, and as a condition. */
export interface WordsAsked {
  filter: Filter;
  words: number;
}

const WORD_ALONE = /^[\p{L}\p{N}_]+$/u;

function filterOf(condition: NonNullable<MessageInitShape<typeof FilterSchema>["condition"]>): Filter {
  return create(FilterSchema, { condition });
}

export function allOf(filters: Filter[]): Filter {
  return filterOf({ case: "all", value: { filters } });
}

export function anyOf(filters: Filter[]): Filter {
  return filterOf({ case: "any", value: { filters } });
}

export function notOf(filter: Filter): Filter {
  return filterOf({ case: "not", value: filter });
}

export function levelOf(level: string): Filter {
  return filterOf({ case: "level", value: level });
}

export function identityOf(id: string): Filter {
  return filterOf({ case: "id", value: id });
}

/** `value` is not used where it `exists`. */
export function textOf(field: TextField, test: "equals" | "prefix" | "contains" | "exists", value: string): Filter {
  const asked = test === "exists" ? { case: test, value: true } : { case: test, value };
  return filterOf({ case: "text", value: { field: TEXT_FIELD_ENUM[field], test: asked } });
}

/** `value` is not used where it `exists`. */
export function attributeOf(path: string, test: "equals" | "prefix" | "exists", value: string): Filter {
  const asked = test === "exists" ? { case: test, value: true } : { case: test, value };
  return filterOf({ case: "attribute", value: { path, test: asked } });
}

export function numberOf(field: NumberField, bounds: { min?: bigint; max?: bigint }): Filter {
  return filterOf({ case: "number", value: { field: NUMBER_FIELD_ENUM[field], ...bounds } });
}

/** The words of a text: one stands anywhere in the message, several side by side. Undefined where it has none. */
export function phraseOf(text: string): WordsAsked | undefined {
  const words = wordsOf(text);
  if (words.length === 0) return undefined;
  const { ALL, PHRASE } = WordsCondition_Match;
  const [asked, match] = words.length === 1 ? [oneWord(text, words), ALL] : [text, PHRASE];
  const value = { text: asked, match, scope: WordsCondition_Scope.MESSAGE };
  return { filter: filterOf({ case: "words", value }), words: words.length };
}

/** Undefined where the text is not one word. */
export function wordPrefixOf(text: string): WordsAsked | undefined {
  const words = wordsOf(text);
  if (words.length !== 1) return undefined;
  const { PREFIX } = WordsCondition_Match;
  const value = { text: oneWord(text, words), match: PREFIX, scope: WordsCondition_Scope.MESSAGE };
  return { filter: filterOf({ case: "words", value }), words: 1 };
}

/** Each word in message, service or level. Undefined where the text has none. */
export function anywhereOf(text: string): WordsAsked | undefined {
  const words = wordsOf(text);
  if (words.length === 0) return undefined;
  const value = { text, match: WordsCondition_Match.ALL, scope: WordsCondition_Scope.ANYWHERE };
  return { filter: filterOf({ case: "words", value }), words: words.length };
}

/** As it was written where nothing but the word was: marks beside it mean nothing, and would have to be in quotes. */
function oneWord(text: string, words: readonly string[]): string {
  return WORD_ALONE.test(text) ? text : words[0]!;
}
