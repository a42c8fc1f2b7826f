import type { Filter } from "../../../gen/logpulse/v1/filter_pb.ts";
import { ATTRIBUTE_OPERATORS, BARE_PATH, fieldOfName, nearestFieldName, quoted } from "../field-names.ts";
import {
  type AskedField,
  type Operator,
  type TermMeaning,
  termMeaning,
  wordsMeaning,
  writtenValue,
} from "./field-term.ts";
import { allOf, anyOf, notOf } from "./make-filter.ts";
import type { QueryBudget } from "./query-budget.ts";
import type { QueryCursor } from "./query-cursor.ts";
import type { QueryErrors, Stretch } from "./query-errors.ts";
import { takeValues } from "./term-values.ts";

/** What a part of a query asks for, and how many conditions it has in one another. */
export interface QueryPart {
  filter: Filter;
  depth: number;
}

/** What reading one text goes on with. */
export interface QueryReading {
  cursor: QueryCursor;
  errors: QueryErrors;
  budget: QueryBudget;
}

/** A field's name, which has an operator behind it. */
export const NAME = /[\p{L}_][\p{L}\p{N}_]*(?:[.@/-][\p{L}\p{N}_]+)*(?=!=|[:=><~])/uy;
const ATTRIBUTE = /attr\.(?=["\S])/uy;
/** What stands between a field and its value. */
export const OPERATOR = /!=|>=|<=|[:=><~]/y;
const RUN = /[^\s()"]+/uy;

/** Reads one term, which begins here: a word, a phrase, or a field with its value. Undefined, with an error, if it is none. */
export function parseTerm(reading: QueryReading): QueryPart | undefined {
  const { cursor, errors } = reading;
  const start = cursor.at;
  if (cursor.isAtEnd) return undefined;
  if (cursor.next === '"') {
    const text = cursor.takeQuoted();
    if (text === undefined) return undefined;
    const kind = cursor.takeCharacter("*") ? "beginning" : "whole";
    return settled(reading, { start, end: cursor.at }, wordsMeaning({ text, kind }));
  }
  const path = takeAttribute(cursor);
  if (path === "") return namelessAttribute(reading, start);
  if (path !== undefined) return parseFieldTerm(reading, start, { kind: "attribute", path });
  if (errors.isEnded) return undefined;
  const name = cursor.take(NAME);
  return name === undefined ? parseBareText(reading) : parseFieldTerm(reading, start, fieldOfName(name)?.asks);
}

/** The path of an attribute that has an operator behind it; "" where there is none between "attr." and the operator. */
function takeAttribute(cursor: QueryCursor): string | undefined {
  const start = cursor.at;
  if (cursor.take(ATTRIBUTE) === undefined) return undefined;
  const path = cursor.next === '"' ? cursor.takeQuoted() : (cursor.take(BARE_PATH) ?? "");
  if (path !== undefined && cursor.peek(OPERATOR) !== undefined) return path;
  cursor.at = start;
  return undefined;
}

function namelessAttribute(reading: QueryReading, start: number): undefined {
  const { cursor, errors } = reading;
  const name = { start, end: cursor.at };
  const operator = cursor.take(OPERATOR)!;
  takeValues(reading, { start, name: "attr.", operator, kind: undefined }); // For what else is wrong.
  errors.add(name, "There is no attribute's name behind attr.; attr.NAME asks for one.");
}

function parseFieldTerm(reading: QueryReading, start: number, field: AskedField | undefined): QueryPart | undefined {
  const { cursor, budget } = reading;
  const name = cursor.text.slice(start, cursor.at);
  if (field?.kind === "attribute") budget.takeAttributePath(field.path, { start, end: cursor.at });
  const written = cursor.take(OPERATOR)!;
  const values = takeValues(reading, { start, name, operator: written, kind: field?.kind });
  const term = { start, end: cursor.at };
  if (!field) return unknownField(reading, { name, operator: written, values }, term);
  if (!values) return undefined;
  const isNot = written === "!=";
  const operator = (isNot || written === ":" ? "=" : written) as Operator;
  const isList = values.length > 1;
  if (isList) budget.takeCondition(term);
  if (isNot) budget.takeCondition(term);
  const parts = values.map((value) => {
    const meaning = termMeaning(name, field, operator, value);
    return isList
      ? settled(reading, value, meaning, "listed")
      : settled(reading, term, meaning, isNot ? "negated" : "whole");
  });
  const filters = parts.flatMap((part) => part?.filter ?? []);
  if (filters.length < values.length) return undefined;
  const found = isList ? { filter: anyOf(filters), depth: 2 } : { filter: filters[0]!, depth: 1 };
  return isNot ? { filter: notOf(found.filter), depth: found.depth + 1 } : found;
}

/** Whether the stretch is a term, one that asks for the opposite, or one of its values. */
type Meant = "whole" | "negated" | "listed";

/** The condition, counted; or undefined, with the error that the term makes. */
function settled(
  { errors, budget }: QueryReading,
  stretch: Stretch,
  meaning: TermMeaning,
  meant: Meant = "whole",
): QueryPart | undefined {
  if ("filter" in meaning) {
    budget.takeCondition(stretch);
    budget.takeWords(meaning.words, stretch);
    budget.takePattern(meaning.filter, stretch);
    return { filter: meaning.filter, depth: 1 };
  }
  const { message, instead, label = "" } = meaning;
  const canFix = instead !== undefined && meant !== "listed"; // Advice is for whole terms.
  const written = meant === "negated" ? `-${instead}` : `${instead}`;
  errors.add(stretch, message, canFix ? { ...stretch, instead: written, label } : undefined);
  return undefined;
}

function unknownField(
  { errors, cursor }: QueryReading,
  { name, operator, values }: { name: string; operator: string; values: readonly Stretch[] | undefined },
  term: Stretch,
): undefined {
  const shown = name.slice(0, 100);
  const nearest = nearestFieldName(name);
  const stretch = { start: term.start, end: term.start + name.length };
  const isAddress = cursor.text.startsWith("//", stretch.end + 1);
  if (nearest !== undefined) {
    const fix = values && { ...stretch, instead: nearest, label: `Asks for ${nearest}.` };
    errors.add(stretch, `There is no field ${shown}; did you mean ${nearest}?`, fix);
  } else if (values && !isAddress && ATTRIBUTE_OPERATORS.includes(operator)) {
    const fix = { ...stretch, instead: `attr.${name}`, label: "Asks for the attribute of that name." };
    errors.add(stretch, `There is no field ${shown}; attributes have attr. before their name.`, fix);
  } else {
    const instead = quoted(cursor.text.slice(term.start, term.end));
    const fix = { ...term, instead, label: "Searches for these words side by side." };
    errors.add(stretch, `There is no field ${shown}; texts with such marks stand in quotes.`, fix);
  }
  return undefined;
}

/** Words without a field: one, or several side by side. */
function parseBareText(reading: QueryReading): QueryPart | undefined {
  const { cursor, errors, budget } = reading;
  const start = cursor.at;
  const run = cursor.take(RUN)!;
  const stretch = { start, end: cursor.at };
  if (run === "*") {
    budget.takeCondition(stretch);
    return { filter: allOf([]), depth: 1 };
  }
  if (/^(?:[:=><~]|!=)/.test(run)) return loneOperator(reading, run, stretch);
  const isBeginning = run.endsWith("*");
  const text = isBeginning ? run.slice(0, -1) : run;
  if (!text.includes("*"))
    return settled(reading, stretch, wordsMeaning({ text, kind: isBeginning ? "beginning" : "whole" }));
  const plain = run.replaceAll("*", "");
  const where = text.startsWith("*") ? "A text can not begin with *" : "A * can stand at the end of a word only";
  const instead = text.startsWith("*") && !plain.includes("*") ? writtenValue(plain) : quoted(run);
  const fix = plain === "" ? undefined : { ...stretch, instead, label: `Searches for the text ${plain.slice(0, 40)}.` };
  errors.add(stretch, `${where}.`, fix);
  return undefined;
}

/** `status >= 500`: what stands beside it was read for words, or will be. */
function loneOperator({ cursor, errors }: QueryReading, run: string, stretch: Stretch): undefined {
  const { text } = cursor;
  const start = text.slice(0, stretch.start).trimEnd().length;
  const isAlone = /^(?:!=|[><]=?|[:=~])$/.test(run);
  const behind = text.slice(stretch.end).trimStart();
  const end = isAlone ? text.length - behind.length : stretch.end;
  const canJoin =
    /[\p{L}\p{N}_"]$/u.test(text.slice(Math.max(0, start - 2), start)) && (!isAlone || /^[^\s()]/u.test(behind));
  const fix = canJoin ? { start, end, instead: run, label: "Joins the field and its value." } : undefined;
  errors.add(stretch, "A field stands directly before its operator, and a value directly behind it.", fix);
  return undefined;
}
