import type { Filter } from "../../../gen/logpulse/v1/filter_pb.ts";
import { isKind } from "../errors.ts";
import { attributeFieldName, type FieldName, quoted } from "../field-names.ts";
import { parseIdentity } from "../identity.ts";
import { severityRangeOfWord } from "../severity.ts";
import {
  anywhereOf,
  attributeOf,
  identityOf,
  levelOf,
  numberOf,
  phraseOf,
  textOf,
  type WordsAsked,
  wordPrefixOf,
} from "./make-filter.ts";
import { isInt64, type NumberUnit, numberOfText, UNIT_NAMES } from "./number-value.ts";

/** An operator between a field and a value; `!=` is asked as `=` and turned round. */
export type Operator = "=" | "~" | ">" | ">=" | "<" | "<=";

/** What stands behind an operator. */
export interface TermValue {
  /** Without quotes, and without the `*` of a beginning. */
  text: string;
  /** `text` is all of it, the beginning of it, or does not matter. */
  kind: "whole" | "beginning" | "anything";
}

/** A field with its name: one of those that every record may have, or an attribute. */
export type AskedField = FieldName["asks"] | { kind: "attribute"; path: string };

/** Why a term asks for nothing: one sentence, and what to write instead of the term. */
export interface Complaint {
  message: string;
  instead?: string;
  label?: string;
}

/** What a term asks for, and how many words it holds. */
export type TermMeaning = { filter: Filter; words: number } | Complaint;

/** The meaning of one term. `name`: the field as it was written. */
export function termMeaning(name: string, field: AskedField, operator: Operator, value: TermValue): TermMeaning {
  switch (field.kind) {
    case "text":
      return textTerm(name, operator, value, (test) => textOf(field.field, test, value.text));
    case "attribute":
      return attributeTerm(name, operator, value, field.path);
    case "number":
      return numberTerm(name, operator, value, field);
    case "level":
      return levelTerm(name, operator, value);
    case "words":
      return wordsTerm(name, operator, value, field.scope);
    case "identity":
      return identityTerm(name, operator, value);
  }
}

function asked(filter: Filter): TermMeaning {
  return { filter, words: 0 };
}

const TEST = { whole: "equals", beginning: "prefix", anything: "exists" } as const;

function textTerm(
  name: string,
  operator: Operator,
  value: TermValue,
  make: (test: "equals" | "prefix" | "contains" | "exists") => Filter,
): TermMeaning {
  if (operator === "=") return asked(make(TEST[value.kind]));
  if (operator !== "~") return noOrder(name, "a text", value);
  if (value.kind === "whole") return asked(make("contains"));
  if (value.kind === "anything") return { message: `${name}~ needs a piece of the text behind it.` };
  const instead = `${name}~${writtenValue(value.text)}`;
  return { message: `${name}~ looks everywhere in the text and takes no *.`, instead, label: "Leaves the * out." };
}

function attributeTerm(name: string, operator: Operator, value: TermValue, path: string): TermMeaning {
  if (operator === "=") return asked(attributeOf(path, TEST[value.kind], value.text));
  if (operator !== "~") return noOrder(name, "an attribute", value);
  if (value.kind === "anything") return { message: "Attributes are compared as a whole or by their beginning." };
  return {
    message: "Attributes are compared as a whole or by their beginning, not by a piece of them.",
    instead: `${attributeFieldName(path)}:${writtenValue(value.text)}*`,
    label: "Finds values that begin with it.",
  };
}

function noOrder(name: string, what: string, value: TermValue): Complaint {
  const message = `${name} is ${what}, which is neither more nor less than another.`;
  if (value.kind === "anything") return { message };
  const star = value.kind === "beginning" ? "*" : "";
  return { message, instead: `${name}:${writtenValue(value.text)}${star}`, label: "Asks for this value." };
}

interface NumberAsked {
  field: Parameters<typeof numberOf>[0];
  unit?: NumberUnit;
}

function numberTerm(name: string, operator: Operator, value: TermValue, { field, unit }: NumberAsked): TermMeaning {
  if (operator === "=" && value.kind === "anything") return asked(numberOf(field, {}));
  const number = value.kind === "whole" ? numberOfText(value.text, unit) : undefined;
  const what = unit ? `a number, with ${UNIT_NAMES[unit]} behind it or nothing` : "a whole number";
  if (number === undefined) return { message: `${name} is ${what}, of 64 bits at most.`, ...asText(value) };
  if (operator === "~") {
    const instead = `${name}:${value.text}`;
    return { message: `${name} is a number, which has no pieces.`, instead, label: "Asks for this number." };
  }
  return bounded(field, operator, number, number) ?? { message: `No number of 64 bits is ${operator} ${number}.` };
}

/** Compared with a range: more is more than all of it. Undefined where 64 bits do not hold the bound. */
function bounded(field: NumberAsked["field"], operator: Operator, low: bigint, high: bigint): TermMeaning | undefined {
  if (operator === "=") return asked(numberOf(field, { min: low, max: high }));
  if (operator === ">=") return asked(numberOf(field, { min: low }));
  if (operator === "<=") return asked(numberOf(field, { max: high }));
  const bound = operator === ">" ? high + 1n : low - 1n;
  return isInt64(bound) ? asked(numberOf(field, operator === ">" ? { min: bound } : { max: bound })) : undefined;
}

function levelTerm(name: string, operator: Operator, value: TermValue): TermMeaning {
  if (operator === "=" && value.kind === "whole") return asked(levelOf(value.text));
  if (operator === "=" && value.kind === "anything") return asked(numberOf("severity", { min: 1n }));
  if (operator === "=" || operator === "~") {
    const message = `${name} is a whole word; level_text is the level as it was sent.`;
    if (value.kind === "anything") return { message };
    const written = writtenValue(value.text);
    const instead = operator === "~" ? `level_text~${written}` : `level_text:${written}*`;
    return { message, instead, label: "Asks for the level as it was sent." };
  }
  const range = value.kind === "whole" ? severityRangeOfWord(value.text) : undefined;
  if (range) return bounded("severity", operator, BigInt(range.min), BigInt(range.max))!;
  const number = numberOfText(value.text, undefined);
  const message = `${name}${operator} needs one of the words trace, debug, info, warn, error, fatal behind it.`;
  if (number === undefined || value.kind !== "whole") return { message };
  return { message, instead: `severity${operator}${number}`, label: "Compares the severity's number." };
}

function wordsTerm(name: string, operator: Operator, value: TermValue, scope: "message" | "anywhere"): TermMeaning {
  if (operator !== "=") {
    const message = `${name} is asked for whole words, by ${name}:word.`;
    return value.kind === "whole" ? { message, ...asText(value) } : { message };
  }
  if (value.kind === "anything") return { message: `Every record has a text: ${name}:* says nothing.` };
  if (scope === "anywhere") {
    const found = value.kind === "whole" ? anywhereOf(value.text) : undefined;
    return found ?? { message: `${name} needs whole words behind it.` };
  }
  return wordsMeaning(value);
}

/** Words of the message. */
export function wordsMeaning(value: TermValue): TermMeaning {
  const found: WordsAsked | undefined = value.kind === "whole" ? phraseOf(value.text) : wordPrefixOf(value.text);
  if (found) return found;
  const phrase = value.kind === "whole" ? undefined : phraseOf(value.text);
  if (!phrase) return { message: "There is no word in it: words are made of letters, digits and _." };
  return { message: "Only one word can have * behind it.", ...asText(value) };
}

function identityTerm(name: string, operator: Operator, value: TermValue): TermMeaning {
  const message = `${name} is a record's id: 32 hexadecimal digits, -, and a number.`;
  if (operator !== "=" || value.kind !== "whole") return { message, ...asText(value) };
  try {
    parseIdentity(value.text);
    return asked(identityOf(value.text));
  } catch (reason) {
    if (!isKind(reason, "invalid_request")) throw reason;
    return { message, ...asText(value) };
  }
}

/** The advice to look for a value as a text; none where it has no word. */
function asText({ text }: TermValue): Pick<Complaint, "instead" | "label"> {
  if (!phraseOf(text)) return {};
  return { instead: quoted(text), label: `Searches for the text ${text.slice(0, 40)}.` };
}

/** A value as a query has it: in quotes only where it must be. */
export function writtenValue(text: string): string {
  return /^[^\s()"*]+$/u.test(text) ? text : quoted(text);
}
