import type { Condition, NumberField, TextCondition, TextField } from "./condition.ts";
import { severityRangeOfWord } from "./severity.ts";
import { wordsOf } from "./words.ts";

// For tests: conditions in one line each.

/** Each of the text's words in the message. */
export function words(text: string): Condition {
  return { kind: "words", words: wordsOf(text), scope: "message" };
}

/** Each of the text's words in message, service or severity text. */
export function anywhere(text: string): Condition {
  return { kind: "words", words: wordsOf(text), scope: "anywhere" };
}

export function phrase(text: string): Condition {
  return { kind: "phrase", words: wordsOf(text) };
}

export function wordPrefix(prefix: string): Condition {
  return { kind: "word_prefix", prefix };
}

export function level(text: string): Condition {
  return { kind: "level", text, range: severityRangeOfWord(text) };
}

export function text(field: TextField, value: string, test: TextCondition["test"] = "equals"): Condition {
  return { kind: "text", field, test, value };
}

export function hasText(field: TextField): Condition {
  return { kind: "text", field, test: "exists", value: "" };
}

/** Without `max`: just `min`, and without both: the record has it. */
export function number(field: NumberField, min?: bigint, max: bigint | undefined = min): Condition {
  return { kind: "number", field, min, max };
}

export function atLeast(field: NumberField, min: bigint): Condition {
  return { kind: "number", field, min, max: undefined };
}

export function atMost(field: NumberField, max: bigint): Condition {
  return { kind: "number", field, min: undefined, max };
}

export function attribute(path: string, value: string, test: "equals" | "prefix" = "equals"): Condition {
  return { kind: "attribute", path, test, value };
}

export function hasAttribute(path: string): Condition {
  return { kind: "attribute", path, test: "exists", value: "" };
}

export function not(of: Condition): Condition {
  return { kind: "not", of };
}

export function any(...of: Condition[]): Condition {
  return { kind: "any", of };
}

export function all(...of: Condition[]): Condition {
  return { kind: "all", of };
}
