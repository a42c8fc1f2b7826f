import { allConditions, type Condition } from "../../../domain/condition.ts";
import { READ_WORD_SETS_MAX, READ_WORDS_ASKED_MAX } from "../../../domain/limits.ts";
import { columnCondition } from "./column-condition.ts";
import { matchOf, type WordCost } from "./match-expression.ts";
import { allOf, condition, notOf, oneOf, type SqlCondition } from "./sql-condition.ts";
import { ASKED_WORDS, STILL_WANTED } from "./store-reader.ts";

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

/** One compilation: `setsLeft` more sets of ids may be looked up in the index of words. */
interface Compilation extends ConditionDay {
  setsLeft: number;
}

const NO_COST: WordCost = { words: 0, quiet: 0 };

/** What is known of one condition among others. */
interface Parts {
  /** Of `match`, and of `notMatch`. */
  cost: WordCost;
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

/**
 * Divides a condition into what the index of words, what columns and what only the record tells. The index is asked for
 * READ_WORDS_ASKED_MAX words at once at most, unless any of them gives a record; the record tells the rest.
 */
export function compileCondition(asked: Condition, conditionDay: ConditionDay): CompiledCondition {
  const day = { ...conditionDay, setsLeft: READ_WORD_SETS_MAX };
  const conditions = asked.kind === "all" ? asked.of : [asked];
  const all = conditions.map((of) => ({ of, parts: partsOf(of, day) }));
  const { match, columns, untold } = together(all.map(({ parts }) => parts));
  const rest = all.filter(({ parts }) => untold.has(parts)).map(({ of }) => of);
  return { match, columns, rest: rest.length > 0 ? allConditions(rest) : undefined };
}

function partsOf(asked: Condition, day: Compilation): Parts {
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

function ofLeaf(asked: Condition, compilation: Compilation): Parts {
  const { day, hasMarks, words, idOf } = compilation;
  const match = words === "in_records" ? undefined : matchOf(asked, hasMarks);
  const columns = columnCondition(asked, idOf);
  const parts: Parts = {
    cost: match?.cost ?? NO_COST,
    match: match?.text,
    matchSaysAll: match?.saysAll ?? false,
    notMatch: undefined,
    columns: columns?.sql,
    alone: columns?.saysAll ? columns.sql : undefined,
  };
  if (match?.saysAll && typeof words === "object" && compilation.setsLeft > 0) {
    compilation.setsLeft--;
    const found = `SELECT rowid FROM words_${day} WHERE words_${day} MATCH ${ASKED_WORDS} AND rowid BETWEEN ? AND ? AND ${STILL_WANTED}`;
    // The plus keeps SQLite from going through these ids instead of those that it is to look at.
    parts.alone = condition(`+id IN (${found})`, match.text, words.first, words.last);
  }
  return parts;
}

/** What holds of several conditions at once, and those of them of which that does not say all. */
function together(all: readonly Parts[]) {
  const [first, ...more] = all.filter(({ match }) => match !== undefined);
  const negated = first ? all.filter(({ notMatch }) => notMatch !== undefined) : [];
  const asked = first ? [first, ...withinCost(first.cost, [...more, ...negated])] : [];
  const withMatch = asked.filter(({ match }) => match !== undefined);
  const without = asked.filter(({ notMatch }) => notMatch !== undefined);
  const positive = [...new Set(withMatch.map(({ match }) => match!))].map(inParentheses).join(" AND ");
  const negative = [...new Set(without.map(({ notMatch }) => notMatch!))].map(inParentheses).join(" OR ");
  const match = negative === "" ? positive : `(${positive}) NOT (${negative})`;
  const others = all.filter((parts) => !asked.includes(parts) || (parts.match !== undefined && !parts.matchSaysAll));
  const columns = others.map((parts) => parts.alone ?? parts.columns).filter((some) => some !== undefined);
  return {
    cost: asked.length > 1 ? costOfAll(asked) : (first?.cost ?? NO_COST),
    match: match === "" ? undefined : match,
    columns: columns.length > 0 ? allOf(...columns) : undefined,
    untold: new Set(others.filter(({ alone }) => alone === undefined)),
    matchSaysAll: others.length === 0,
  };
}

function ofAll(all: readonly Parts[]): Parts {
  const { cost, match, columns, matchSaysAll } = together(all);
  const alone = all.map((parts) => parts.alone).filter((some) => some !== undefined);
  return {
    cost,
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
  const cost = costOfOne(all);
  const hasMatch = all.length > 0 && matches.length === all.length && cost.quiet <= READ_WORDS_ASKED_MAX;
  return {
    cost: hasMatch ? cost : NO_COST,
    match: hasMatch ? [...new Set(matches)].map(inParentheses).join(" OR ") : undefined,
    matchSaysAll: hasMatch && all.every(({ matchSaysAll }) => matchSaysAll),
    notMatch: undefined,
    columns: columns.length < all.length ? undefined : oneOf(condition("0"), ...columns),
    alone: alone.length < all.length ? undefined : oneOf(condition("0"), ...alone),
  };
}

function ofNot({ cost, match, matchSaysAll, alone }: Parts): Parts {
  const not = alone && notOf(alone);
  return {
    cost,
    match: undefined,
    matchSaysAll: false,
    notMatch: matchSaysAll ? match : undefined,
    columns: not,
    alone: not,
  };
}

/** Those that the index may be asked for beside what it is asked for already: the others are told in another way. */
function withinCost(first: WordCost, more: readonly Parts[]): Parts[] {
  let { words } = first;
  return more.filter(({ cost }) => {
    if (words + cost.words > READ_WORDS_ASKED_MAX) return false;
    words += cost.words;
    return true;
  });
}

/** Of conditions that must all be met: whichever it is that no record meets, all others are gone through for nothing. */
function costOfAll(all: readonly Parts[]): WordCost {
  const { words } = costOfOne(all);
  return { words, quiet: words };
}

/** Of conditions one of which must be met. */
function costOfOne(all: readonly Parts[]): WordCost {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return { words: sum(all.map(({ cost }) => cost.words)), quiet: sum(all.map(({ cost }) => cost.quiet)) };
}

function inParentheses(match: string): string {
  return `(${match})`;
}

function parenthesized({ text, values }: SqlCondition): SqlCondition {
  return { text: `(${text})`, values };
}
