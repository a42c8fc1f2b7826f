import type { CompiledCondition, IdRange } from "./compiled-condition.ts";
import type { DayQuestion } from "./question.ts";
import { allOf, condition, type SqlCondition } from "./sql-condition.ts";
import { ASKED_WORDS, STILL_WANTED, type StoreReader } from "./store-reader.ts";

/**
 * How the rows of a day are gone through: by the index on time; those that some ids name, as JSON; or those that have
 * the words of the question, as the index of words names them.
 */
export type RowsBy = { by: "time" } | { by: "ids"; ids: string } | { by: "words"; ids: IdRange };

/** The clauses FROM and WHERE of a statement over all records of a day that meet the question. */
export function matchingRows(
  reader: StoreReader,
  question: DayQuestion,
  compiled: CompiledCondition,
  rowsBy: RowsBy,
): SqlCondition {
  const { tenant, range } = question;
  const { columns, rest } = compiled;
  const rows = rowsOf(question.day, compiled.match, rowsBy);
  const { text, values } = allOf(
    condition("tenant = ?", tenant),
    condition("time_ns BETWEEN ? AND ?", range.from, range.to),
    columns,
    rows.which,
    condition(STILL_WANTED),
    rest && reader.recordTest(rest), // SQLite takes them in this order: what looks into the record comes last.
  );
  return { text: `FROM ${rows.from} WHERE ${text}`, values };
}

function rowsOf(day: number, match: string | undefined, rowsBy: RowsBy) {
  const [records, words] = [`records_${day}`, `words_${day}`];
  switch (rowsBy.by) {
    case "time": {
      // The plus keeps SQLite from going through those ids instead of the index on time.
      const withWords = `+id IN (SELECT rowid FROM ${words} WHERE ${words} MATCH ${ASKED_WORDS} AND ${STILL_WANTED})`;
      return { from: records, which: match === undefined ? undefined : condition(withWords, match) };
    }
    case "ids": {
      const which = condition("id IN (SELECT value FROM json_each(?))", rowsBy.ids);
      return { from: `${records} NOT INDEXED`, which };
    }
    case "words": {
      const { first, last } = rowsBy.ids;
      const which = allOf(
        condition(`${words} MATCH ${ASKED_WORDS}`, match!),
        condition("found.rowid BETWEEN ? AND ?", first, last),
      );
      return { from: `${words} AS found CROSS JOIN ${records} ON id = found.rowid`, which };
    }
  }
}
