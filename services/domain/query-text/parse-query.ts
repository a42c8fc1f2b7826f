import type { Filter } from "../../../gen/logpulse/v1/filter_pb.ts";
import { quoted } from "../field-names.ts";
import { FILTER_DEPTH_MAX, QUERY_TEXT_BYTES_MAX } from "../limits.ts";
import { allOf, anyOf, notOf } from "./make-filter.ts";
import { parseTerm, type QueryPart, type QueryReading } from "./parse-term.ts";
import { QueryBudget } from "./query-budget.ts";
import { QueryCursor } from "./query-cursor.ts";
import { QueryErrors, type QueryTextError, type Stretch } from "./query-errors.ts";

/** What a text asks for, or what is wrong with it, in the order of the text. */
export type ParsedQuery = { filter: Filter } | { errors: QueryTextError[] };

/**
 * Reads the text form of a filter, which docs/query-language.md tells. A blank text asks for every record. Never throws;
 * takes time linear in the text, which has QUERY_TEXT_BYTES_MAX at most. Where a text has one error only, its suggestion is
 * a query that can be read.
 *
 *     query = and {"OR" and}    and = not {["AND"] not}    not = ["-" | "NOT"] atom
 *     atom = "(" query ")" | field operator value | field operator "(" value {"OR" value} ")" | text
 */
export function parseQuery(text: string): ParsedQuery {
  const parsed = read(text);
  if (!("errors" in parsed) || parsed.errors.length > 1) return parsed;
  const [error] = parsed.errors;
  // What mends the only error may be wrong in another way, which the rules of one term do not see.
  const isRefused = error!.suggestion !== "" && "errors" in read(error!.suggestion);
  return isRefused ? { errors: [{ ...error!, suggestion: "", suggestionLabel: "" }] } : parsed;
}

function read(text: string): ParsedQuery {
  const errors = new QueryErrors(text);
  checkText(text, errors);
  const reading = { errors, cursor: new QueryCursor(text, errors), budget: new QueryBudget(errors) };
  const filter = errors.isEnded ? undefined : new QueryParser(reading).whole();
  return filter ? { filter } : { errors: errors.list() };
}

function checkText(text: string, errors: QueryErrors): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > QUERY_TEXT_BYTES_MAX) {
    // The text may be megabytes long; a character that the limit cuts in two is behind it.
    const first = Buffer.from(text.slice(0, QUERY_TEXT_BYTES_MAX)).subarray(0, QUERY_TEXT_BYTES_MAX);
    const start = new TextDecoder("utf-8", { ignoreBOM: true }).decode(first, { stream: true }).length;
    const message = `The query is ${bytes} bytes long; the limit is ${QUERY_TEXT_BYTES_MAX}.`;
    errors.end({ start, end: start + 1 }, message);
    return;
  }
  const half = /\p{Surrogate}/u.exec(text)?.index;
  if (half !== undefined) errors.end({ start: half, end: half + 1 }, "This is half of a character.");
}

/** What was read; `isEmpty`: nothing stood there, and nobody has said so yet. */
interface Reading {
  part: QueryPart | undefined;
  isEmpty: boolean;
}

class QueryParser {
  private readonly reading: QueryReading;

  constructor(reading: QueryReading) {
    this.reading = reading;
  }

  /** The filter of the whole text; undefined where there are errors. */
  whole(): Filter | undefined {
    const { cursor, errors } = this.reading;
    const { part } = this.alternatives(1);
    while (!cursor.isAtEnd) {
      const stretch = { start: cursor.at, end: cursor.at + 1 };
      const fix = { ...stretch, instead: "", label: "Leaves the parenthesis out." };
      errors.add(stretch, "This parenthesis closes none.", fix);
      cursor.takeCharacter(")");
      this.alternatives(1); // For what else is wrong.
    }
    return errors.total > 0 ? undefined : (part?.filter ?? allOf([]));
  }

  /** Up to the end or a parenthesis that closes. `level`: how many are open, and one more. */
  private alternatives(level: number): Reading {
    const { cursor, budget } = this.reading;
    const start = cursor.at;
    const readings = [this.together(level)];
    for (let or = cursor.takeKeyword("OR"); or; or = cursor.takeKeyword("OR")) {
      const before = readings.at(-1)!;
      if (readings.length === 1) budget.takeCondition(or);
      const behind = this.together(level);
      // Of "a OR OR b" the first one is told.
      if (behind.isEmpty || (before.isEmpty && readings.length === 1))
        this.dangling(or, "OR needs something on both sides.");
      readings.push(behind);
    }
    if (readings.length === 1) return readings[0]!;
    return {
      part: this.compound(
        anyOf,
        readings.map(({ part }) => part),
        start,
      ),
      isEmpty: false,
    };
  }

  private together(level: number): Reading {
    const { cursor, budget, errors } = this.reading;
    const errorsBefore = errors.total;
    const start = cursor.at;
    const parts: (QueryPart | undefined)[] = [];
    for (cursor.skipBlanks(); !this.isAtEndOfPart(); cursor.skipBlanks()) {
      const and = cursor.takeKeyword("AND");
      if (and) {
        cursor.skipBlanks();
        const isDangling = parts.length === 0 || this.isAtEndOfPart() || cursor.peekKeyword() === "AND";
        if (isDangling) this.dangling(and, "AND needs something on both sides.");
        continue;
      }
      if (parts.length === 1) budget.takeCondition({ start: cursor.at, end: cursor.at });
      parts.push(this.negated(level));
    }
    if (parts.length === 0) return { part: undefined, isEmpty: errors.total === errorsBefore };
    return { part: parts.length === 1 ? parts[0] : this.compound(allOf, parts, start), isEmpty: false };
  }

  private isAtEndOfPart(): boolean {
    const { cursor } = this.reading;
    return cursor.isAtEnd || cursor.next === ")" || cursor.peekKeyword() === "OR";
  }

  private negated(level: number): QueryPart | undefined {
    const { cursor, budget, errors } = this.reading;
    const start = cursor.at;
    const not = cursor.takeKeyword("NOT") ?? (cursor.takeCharacter("-") ? { start, end: start + 1 } : undefined);
    if (!not) return this.atom(level);
    const written = cursor.text.slice(start, not.end);
    if (written === "NOT") cursor.skipBlanks();
    if (this.isAtEndOfPart() || cursor.peekKeyword() === "AND" || /\s/u.test(cursor.next)) {
      this.dangling(not, `${written} needs something directly behind it.`);
      return undefined;
    }
    if (cursor.next === "-" || cursor.peekKeyword() === "NOT") return this.twiceNegated(not);
    budget.takeCondition(not);
    const inner = this.atom(level);
    if (errors.isEnded) return undefined;
    return this.compound(([filter]) => notOf(filter!), [inner], start);
  }

  /** `--flag` of a command line, most of the time. */
  private twiceNegated({ start }: Stretch): undefined {
    const { cursor, errors } = this.reading;
    const run = cursor.text.slice(start).match(/^[^\s()"]+/u)?.[0] ?? "";
    const end = start + run.length;
    const hasWord = /[\p{L}\p{N}_]/u.test(run) && run.startsWith("--");
    const fix = { start, end, instead: quoted(run), label: "Searches for these words side by side." };
    errors.add({ start, end: Math.max(end, start + 1) }, "One - or NOT is enough.", hasWord ? fix : undefined);
    cursor.at = Math.max(cursor.at, end);
  }

  private atom(level: number): QueryPart | undefined {
    const { cursor, errors } = this.reading;
    if (cursor.next !== "(") return parseTerm(this.reading);
    const start = cursor.at;
    if (level > FILTER_DEPTH_MAX) {
      errors.end(
        { start, end: start + 1 },
        `Parentheses lie more than ${FILTER_DEPTH_MAX} levels deep in one another.`,
      );
      return undefined;
    }
    cursor.takeCharacter("(");
    const { part, isEmpty } = this.alternatives(level + 1);
    if (!cursor.takeCharacter(")")) {
      const { length } = cursor.text; // All that are open are not closed.
      const fix = { start: length, end: length, instead: ")".repeat(level), label: "Closes it at the end." };
      errors.end({ start, end: start + 1 }, "This parenthesis is not closed.", fix);
      return undefined;
    }
    if (!isEmpty) return part;
    const stretch = { start, end: cursor.at };
    const isNegated = /(?:^|[\s(])(?:-|NOT\s*)$/u.test(cursor.text.slice(Math.max(0, start - 10), start));
    const fix = { ...stretch, instead: "", label: "Leaves the parentheses out." };
    errors.add(stretch, "There is nothing in these parentheses.", isNegated ? undefined : fix);
    return undefined;
  }

  private dangling(operator: Stretch, message: string): void {
    const fix = { ...operator, instead: "", label: "Leaves it out." };
    this.reading.errors.add(operator, message, fix);
  }

  private compound(
    make: (filters: Filter[]) => Filter,
    parts: readonly (QueryPart | undefined)[],
    start: number,
  ): QueryPart | undefined {
    const found = parts.filter((part) => part !== undefined);
    if (found.length < parts.length) return undefined; // It has an error, which was told.
    const depth = 1 + Math.max(...found.map((part) => part.depth));
    this.reading.budget.takeDepth(depth, { start, end: this.reading.cursor.at });
    return { filter: make(found.map(({ filter }) => filter)), depth };
  }
}
