import { NAME, OPERATOR } from "./parse-term.ts";
import { QueryCursor } from "./query-cursor.ts";
import { QueryErrors } from "./query-errors.ts";

const BETWEEN_TERMS = /[\s()*;@-]+/uy;
const HEAD = /[^\s()"!=<>~:;@]+(?=!=|[:=><~])/uy;
const VALUE = /[^\s);@]+/uy;
const RUN = /[^\s()";@]+/uy;

/**
 * Queries apart by `;` and `@`, all that stands in quotes replaced by as many quotes: the marks that are left part the
 * queries. Quotes begin where `parseQuery` of such a query has them begin: before a term or a value. Within a value they
 * are a character like others. Quotes that are not closed cover all the rest.
 */
export function coverQuotes(text: string): string {
  const cursor = new QueryCursor(text, new QueryErrors(text));
  let covered = "";
  while (!cursor.isAtEnd) {
    const start = cursor.at;
    if (cursor.next !== '"') {
      takeOutside(cursor);
      covered += text.slice(start, cursor.at);
      continue;
    }
    const isClosed = cursor.takeQuoted() !== undefined;
    covered += '"'.repeat((isClosed ? cursor.at : text.length) - start);
    const end = cursor.at;
    takeValue(cursor); // The name of an attribute can stand in quotes.
    covered += text.slice(end, cursor.at);
  }
  return covered;
}

/** Marks and the like, or a term up to where it has quotes. */
function takeOutside(cursor: QueryCursor): void {
  if (cursor.take(BETWEEN_TERMS) !== undefined) return;
  const head = cursor.peek(HEAD);
  const isName = head !== undefined && (head.startsWith("attr.") || cursor.peek(NAME) === head);
  cursor.take(isName ? HEAD : RUN);
  if (isName) takeValue(cursor);
}

/** An operator, if one stands here, with its value, which begins its own quotes or parentheses or has none. */
function takeValue(cursor: QueryCursor): void {
  if (cursor.take(OPERATOR) !== undefined && cursor.next !== '"' && cursor.next !== "(") cursor.take(VALUE);
}
