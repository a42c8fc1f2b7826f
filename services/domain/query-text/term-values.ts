import { quoted } from "../field-names.ts";
import { type AskedField, type TermValue, writtenValue } from "./field-term.ts";
import type { QueryReading } from "./parse-term.ts";
import type { Stretch } from "./query-errors.ts";

/** A value as it stands in the text. */
export interface WrittenValue extends TermValue, Stretch {}

/** What the values stand behind. */
export interface TermHead {
  /** Where the name begins. */
  start: number;
  name: string;
  operator: string;
  /** Undefined for a field that there is not. */
  kind: AskedField["kind"] | undefined;
}

const VALUE = /[^\s)]+/uy;
const VALUE_IN_LIST = /[^\s()"]+/uy;

/** Takes the value behind an operator, or the values in parentheses. Undefined, with an error, where there is none. */
export function takeValues(reading: QueryReading, head: TermHead): WrittenValue[] | undefined {
  const { cursor } = reading;
  if (cursor.next === "(") return takeList(reading, head);
  const value = takeValue(reading, head, VALUE);
  if (value !== "missing") return value && [value];
  if (head.kind) missingValue(reading, head);
  return undefined;
}

/** Who knows no such field says that instead. */
function missingValue({ cursor, errors }: QueryReading, { name, operator, kind }: TermHead): void {
  const { at, text } = cursor;
  const here = { start: at, end: at };
  const behind = text.slice(at).trimStart();
  const isApart = behind.length < text.length - at;
  const canJoin = isApart && behind !== "" && !/^(?:[-)(:=><~!]|(?:AND|OR|NOT)(?:[\s()"]|$))/u.test(behind);
  const joined = {
    start: at,
    end: text.length - behind.length,
    instead: "",
    label: "Takes what follows for the value.",
  };
  const canExist = /^[:=]$/.test(operator) && kind !== "words" && kind !== "identity";
  const anything = canExist ? { ...here, instead: "*", label: `Finds records that have ${name}.` } : undefined;
  errors.add(here, `${name}${operator} has no value behind it.`, canJoin ? joined : anything);
}

/** A value; `missing` where there is none here; undefined, with an error, where it is wrong. */
function takeValue(reading: QueryReading, head: TermHead, pattern: RegExp): WrittenValue | "missing" | undefined {
  const { cursor, errors } = reading;
  const start = cursor.at;
  if (cursor.next === '"') {
    const text = cursor.takeQuoted();
    if (text === undefined) return undefined;
    const kind = cursor.takeCharacter("*") ? "beginning" : "whole";
    if (text !== "") return { text, kind, start, end: cursor.at };
    errors.add({ start, end: cursor.at }, "A value has one character at least.");
    return undefined;
  }
  const run = cursor.take(pattern);
  if (run === undefined) return "missing";
  const stretch = { start, end: cursor.at };
  if (run === "*") return { text: "", kind: "anything", ...stretch };
  const text = run.endsWith("*") ? run.slice(0, -1) : run;
  if (!text.includes("*")) return { text, kind: run === text ? "whole" : "beginning", ...stretch };
  return wrongStar(reading, head, run, { ...stretch, isInList: pattern === VALUE_IN_LIST });
}

function wrongStar(
  { errors }: QueryReading,
  { start, name, operator, kind }: TermHead,
  run: string,
  { isInList, ...stretch }: Stretch & { isInList: boolean },
): undefined {
  const isFirst = run.startsWith("*");
  const message = isFirst ? "A value can not begin with *." : "A * can stand at the end of a value only.";
  const plain = run.replace(/^\*+|\*+$/g, "");
  if (isFirst && kind === "text" && !isInList && plain !== "" && !plain.includes("*")) {
    const instead = `${operator === "!=" ? "-" : ""}${name}~${writtenValue(plain)}`;
    errors.add(stretch, message, { start, end: stretch.end, instead, label: `Finds it anywhere in ${name}.` });
    return undefined;
  }
  // A number takes no * at all, also as a character.
  const isText = kind === "text" || kind === "attribute" || kind === "level";
  const literal = { ...stretch, instead: quoted(run), label: "Takes the * for a character." };
  errors.add(stretch, message, isText ? literal : undefined);
  return undefined;
}

function takeList(reading: QueryReading, head: TermHead): WrittenValue[] | undefined {
  const { cursor, errors } = reading;
  const start = cursor.at;
  const errorsBefore = errors.total;
  cursor.takeCharacter("(");
  const values = takeListed(reading, head);
  if (errors.isEnded) return undefined;
  if (!cursor.takeCharacter(")")) {
    const { length } = cursor.text;
    const fix = { start: length, end: length, instead: ")", label: "Closes it at the end." };
    errors.end({ start, end: start + 1 }, "This parenthesis is not closed.", cursor.isAtEnd ? fix : undefined);
    return undefined;
  }
  const stretch = { start, end: cursor.at };
  if (values.length === 0 && errors.total === errorsBefore)
    errors.add(stretch, "There is no value in the parentheses.");
  if (values.length > 1 && !/^(?:[:=~]|!=)$/.test(head.operator)) {
    errors.add(stretch, `${head.operator} compares with one value only.`);
  }
  return errors.total === errorsBefore ? values : undefined;
}

function takeListed(reading: QueryReading, head: TermHead): WrittenValue[] {
  const { cursor, errors } = reading;
  const values: WrittenValue[] = [];
  for (let or: Stretch | undefined; ; ) {
    cursor.skipBlanks();
    const isOr = cursor.peekKeyword() === "OR";
    const value = isOr ? "missing" : takeValue(reading, head, VALUE_IN_LIST);
    if (value === "missing" && (isOr || or)) {
      const wrong = or ?? { start: cursor.at, end: cursor.at + 2 };
      errors.add(wrong, "OR needs a value on both sides.", { ...wrong, instead: "", label: "Leaves the OR out." });
    }
    if (value === "missing" && !isOr) return values;
    if (value && value !== "missing") values.push(value);
    cursor.skipBlanks();
    or = cursor.takeKeyword("OR");
    if (or) continue;
    if (cursor.next === ")" || cursor.next === "(" || cursor.isAtEnd) return values;
    const here = { start: cursor.at, end: cursor.at };
    errors.add(here, "Values in parentheses have OR between them.", {
      ...here,
      instead: "OR ",
      label: "Puts OR between.",
    });
  }
}
