import type { SeverityRange } from "./severity.ts";

/**
 * A condition on records, as engines answer it: a Filter of the contract, checked, with its words cut. Plain values only:
 * it passes between threads.
 *
 * Meaning of each: `condition-matcher.ts`, which every engine is held to. A condition on a field that a record does not
 * have is not met, and `not` of it is.
 */
export type Condition =
  | AllCondition
  | AnyCondition
  | NotCondition
  | WordsCondition
  | PhraseCondition
  | WordPrefixCondition
  | LevelCondition
  | TextCondition
  | NumberCondition
  | AttributeCondition
  | IdentityCondition;

/** All of them; of none: every record. */
export interface AllCondition {
  kind: "all";
  of: readonly Condition[];
}

/** One of them at least; of none: no record. */
export interface AnyCondition {
  kind: "any";
  of: readonly Condition[];
}

export interface NotCondition {
  kind: "not";
  of: Condition;
}

/** Each of these words, one at least, stands somewhere in the message, or in message, service or severity text. */
export interface WordsCondition {
  kind: "words";
  /** Output of `domain/words.ts`. */
  words: readonly string[];
  scope: "message" | "anywhere";
}

/** These words, one at least, stand in the message side by side in this order. */
export interface PhraseCondition {
  kind: "phrase";
  words: readonly string[];
}

/** A word of the message begins with this, which is a word itself. */
export interface WordPrefixCondition {
  kind: "word_prefix";
  prefix: string;
}

/** The severity text letter for letter, or, where the word is a usual one, any effective severity of its range. */
export interface LevelCondition {
  kind: "level";
  text: string;
  range: SeverityRange | undefined;
}

/** A text field, compared byte by byte; the method alone by its lower case (JavaScript's). An empty field is none. */
export interface TextCondition {
  kind: "text";
  field: TextField;
  test: "equals" | "prefix" | "contains" | "exists";
  /** Not empty, but for `exists`. For `prefix` and `contains` at most FILTER_PATTERN_BYTES_MAX in UTF-8. */
  value: string;
}

/** Text fields that can be asked for. */
export type TextField = (typeof TEXT_FIELDS)[number];

export const TEXT_FIELDS = [
  "service",
  "severity_text",
  "trace_id",
  "span_id",
  "client_ip",
  "method",
  "path",
  "user_agent",
  "referer",
  "protocol",
] as const;

/** A number within bounds, both included; without bounds: the record has it. */
export interface NumberCondition {
  kind: "number";
  field: NumberField;
  min: bigint | undefined;
  max: bigint | undefined;
}

/**
 * Numbers that can be asked for. `severity` is the effective one, which every record has (0: none); `status` and
 * `response_bytes` those of records with `http`, all of which have them; `latency_nanos` only where it was sent.
 */
export type NumberField = (typeof NUMBER_FIELDS)[number];

export const NUMBER_FIELDS = ["severity", "status", "latency_nanos", "response_bytes"] as const;

/** One of the attribute's texts (`attribute-leaves.ts`) is, or begins with, this one; or there is one at all. */
export interface AttributeCondition {
  kind: "attribute";
  /** Keys from the top down, apart by ".". At most FILTER_ATTRIBUTE_PATH_BYTES_MAX in UTF-8. */
  path: string;
  test: "equals" | "prefix" | "exists";
  /** Not empty, but for `exists`. For `prefix` at most FILTER_PATTERN_BYTES_MAX in UTF-8. */
  value: string;
}

/** The record with this identity. */
export interface IdentityCondition {
  kind: "identity";
  /** The producer id as 32 hexadecimal digits. */
  producer: string;
  seq: number;
}

/** Every record. */
export const EVERY_RECORD: AllCondition = { kind: "all", of: [] };

/** All of these at once, without nesting that says nothing. */
export function allConditions(conditions: readonly Condition[]): Condition {
  const flat = conditions.flatMap((condition) => (condition.kind === "all" ? condition.of : [condition]));
  return flat.length === 1 ? flat[0]! : { kind: "all", of: flat };
}
