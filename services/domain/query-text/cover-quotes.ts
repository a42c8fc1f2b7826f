import { BARE_PATH } from "../field-names.ts";
import { ATTRIBUTE, NAME, OPERATOR, RUN } from "./parse-term.ts";
import { QueryCursor } from "./query-cursor.ts";
import { QueryErrors } from "./query-errors.ts";

const MARKS = /[;@]/;
const VALUE = /[^\s);@]+/uy;

/**
 * Queries with `;` or `@` between them, all that stands in quotes replaced by as many quotes: what is left of these marks
 * parts the queries. Quotes begin where `parseQuery` of one of the queries says so: before a term or a value, and not
 * within a value, where they are a character like others. Those that are not closed cover all the rest.
 */
export function coverQuotes(text: string): string {
  const cursor = new QueryCursor(text, new QueryErrors(text));
  let covered = "";
  while (!cursor.isAtEnd) {
    const start = cursor.at;
    if (cursor.next === '"') {
      const isClosed = cursor.takeQuoted() !== undefined;
      covered += '"'.repeat((isClosed ? cursor.at : text.length) - start);
      continue;
    }
    takeUncovered(cursor);
    covered += text.slice(start, cursor.at);
  }
  return covered;
}
