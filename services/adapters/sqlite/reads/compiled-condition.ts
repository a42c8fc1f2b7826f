import { allConditions, type Condition } from "../../../domain/condition.ts";
import { columnCondition } from "./column-condition.ts";
import { matchOf } from "./match-expression.ts";
import { allOf, condition, notOf, oneOf, type SqlCondition } from "./sql-condition.ts";
import { STILL_WANTED } from "./store-reader.ts";

/** A condition as one day's tables answer it: a record meets it where it meets all three. */
export interface CompiledCondition {
  /** An FTS5 expression on the day's words; undefined where there is none. */
  match: string | undefined;
  /** On the columns of the day's records; undefined where there is none. */
  columns: SqlCondition | undefined;
  /** What only the record itself tells; undefined where that is nothing. */
  rest: Condition | undefined;
}

/** The day for which a condition is compiled. */
export interface ConditionDay {
  day: number;
  /** The labels of its words hold the marks of trace ids and attributes. */
  hasMarks: boolean;
  /** The id of the record with that identity, where this day has it. */
  idOf(producer: string, seq: number): bigint | undefined;
  words: WordsLookUp;
}

/**
 * Where words are looked up. "in_records": in each record that the statement looks at. "in_index": there, but for those
 * that are one condition of several, or negated. IdRange: all in the index, among the records with these ids, which are
 * all that the statement looks at.
 */
export type WordsLookUp = "in_records" | "in_index" | IdRange;

/** Both included. */
export interface IdRange {
  first: bigint;
  last: bigint;
}

/** Every id. */
export const ALL_IDS: IdRange = { first: 0n, last: 2n ** 63n - 1n };

/** What is known of one condition among others. */
interface Parts {
  /** Every record that meets the condition has it. */
  match: string | undefined;
  /** `match` alone tells. */
  matchSaysAll: boolean;
  /** No record that meets the condition has it, and every other one has. */
  notMatch: string | undefined;
  /** Every record that meets the condition meets it. */
  columns: SqlCondition | undefined;
  /** Tells alone, by looking up words where it has to. */
  alone: SqlCondition | undefined;
}

/** Divides a condition into what the index of words, what columns and what only the record tells. */
export function compileCondition(asked: Condition, day: ConditionDay): CompiledCondition {
  const conditions = asked.kind === "all" ? asked.of : [asked];
  const all = conditions.map((of) => ({ of, parts: partsOf(of, day) }));
  const { match, columns, untold } = together(all.map(({ parts }) => parts));
  const rest = all.filter(({ parts }) => untold.has(parts)).map(({ of }) => of);
  return { match, columns, rest: rest.length > 0 ? allConditions(rest) : undefined };
}

function partsOf(asked: Condition, day: ConditionDay): Parts {
  switch (asked.kind) {
    case "all":
      return ofAll(asked.of.map((of) => partsOf(of, day)));
    case "any":
      return ofAny(asked.of.map((of) => partsOf(of, day)));
    case "not":
      return ofNot(partsOf(asked.of, day));
    default:
      return ofLeaf(asked, day);
  }
}

function ofLeaf(asked: Condition, { day, hasMarks, words, idOf }: ConditionDay): Parts {
  const match = words === "in_records" ? undefined : matchOf(asked, hasMarks);
  const columns = columnCondition(asked, idOf);
  const parts: Parts = {
    match: match?.text,
    matchSaysAll: match?.saysAll ?? false,
    notMatch: undefined,
    columns: columns?.sql,
    alone: columns?.saysAll ? columns.sql : undefined,
  };
  if (match?.saysAll && typeof words === "object") {
    const found = `SELECT rowid FROM words_${day} WHERE words_${day} MATCH ? AND rowid BETWEEN ? AND ? AND ${STILL_WANTED}`;
    // The plus keeps SQLite from going through these ids instead of those that it is to look at.
    parts.alone = condition(`+id IN (${found})`, match.text, words.first, words.last);
  }
  return parts;
}

/** What holds of several conditions at once, and those of them of which that does not say all. */
function together(all: readonly Parts[]) {
  const withMatch = all.filter(({ match }) => match !== undefined);
  const without = withMatch.length > 0 ? all.filter(({ notMatch }) => notMatch !== undefined) : [];
  const positive = [...new Set(withMatch.map(({ match }) => match!))].map(inParentheses).join(" AND ");
  const negative = [...new Set(without.map(({ notMatch }) => notMatch!))].map(inParentheses).join(" OR ");
  const match = negative === "" ? positive : `(${positive}) NOT (${negative})`;
  const others = all.filter((parts) => !parts.matchSaysAll && !without.includes(parts));
  const columns = others.map((parts) => parts.alone ?? parts.columns).filter((some) => some !== undefined);
  return {
    match: match === "" ? undefined : match,
    columns: columns.length > 0 ? allOf(...columns) : undefined,
    untold: new Set(others.filter(({ alone }) => alone === undefined)),
    matchSaysAll: others.length === 0,
  };
}

function ofAll(all: readonly Parts[]): Parts {
  const { match, columns, matchSaysAll } = together(all);
  const alone = all.map((parts) => parts.alone).filter((some) => some !== undefined);
  return {
    match,
    matchSaysAll: matchSaysAll && match !== undefined,
    notMatch: undefined,
    columns: columns && parenthesized(columns),
    alone: alone.length < all.length ? undefined : parenthesized(allOf(condition("1"), ...alone)),
  };
}

function ofAny(all: readonly Parts[]): Parts {
  const matches = all.map(({ match }) => match).filter((some) => some !== undefined);
  const alone = all.map((parts) => parts.alone).filter((some) => some !== undefined);
  const columns = all.map((parts) => parts.alone ?? parts.columns).filter((some) => some !== undefined);
  const hasMatch = all.length > 0 && matches.length === all.length;
  return {
    match: hasMatch ? [...new Set(matches)].map(inParentheses).join(" OR ") : undefined,
    matchSaysAll: hasMatch && all.every(({ matchSaysAll }) => matchSaysAll),
    notMatch: undefined,
    columns: columns.length < all.length ? undefined : oneOf(condition("0"), ...columns),
    alone: alone.length < all.length ? undefined : oneOf(condition("0"), ...alone),
  };
}

function ofNot({ match, matchSaysAll, alone }: Parts): Parts {
  const not = alone && notOf(alone);
  return {
    match: undefined,
    matchSaysAll: false,
    notMatch: matchSaysAll ? match : undefined,
    columns: not,
    alone: not,
  };
}

function inParentheses(match: string): string {
  return `(${match})`;
}

function parenthesized({ text, values }: SqlCondition): SqlCondition {
  return { text: `(${text})`, values };
}
