import { ALL_IDS } from "./compiled-condition.ts";
import { fewMatches } from "./few-matches.ts";
import { matchingRows } from "./matching-rows.ts";
import { asksForBeginnings, asksForWords, compiled, type DayQuestion, idsWithin } from "./question.ts";
import type { SqlCondition } from "./sql-condition.ts";
import type { StoreReader } from "./store-reader.ts";

const FEW_MATCHES_MAX = 4_000; // As many are looked up one by one without going through the day.

/**
 * The clauses FROM and WHERE of a statement that goes through every record of a day that meets the question, in any
 * order.
 *
 * Words name the records where there are some. Their index knows no times: so of a part of the day, the ids of which
 * lie together, only what it has between those is read.
 */
export function allRows(reader: StoreReader, question: DayQuestion): SqlCondition {
  const plain = compiled(reader, question, "in_index");
  const mayBeFew = plain.match !== undefined && !asksForBeginnings(question.condition);
  const few = mayBeFew ? fewMatches(reader, question.day, plain.match!, FEW_MATCHES_MAX) : undefined;
  if (few !== undefined) return matchingRows(reader, question, plain, { by: "ids", ids: few });
  const ids = asksForWords(question.condition) || plain.match !== undefined ? idsWithin(reader, question) : ALL_IDS;
  const condition = compiled(reader, question, ids);
  return matchingRows(
    reader,
    question,
    condition,
    condition.match === undefined ? { by: "time" } : { by: "words", ids },
  );
}
