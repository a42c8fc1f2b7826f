import type { DatabaseSync } from "node:sqlite";
import { readRecordColumns } from "../../../domain/record-columns.ts";
import { wordsOf } from "../../../domain/words.ts";
import { severityMark } from "../reads/record-marks.ts";
import { recordMarks } from "./record-mark-maker.ts";

/** Of each record by id: how many words it has in a column, and a sum over them that does not depend on their order. */
interface WordSums {
  counts: Uint32Array;
  sums: Uint32Array;
}

/** Holds a day's full-text index against the words of its records: a sentence where they do not agree. */
export function wordsDisagreement(database: DatabaseSync, day: number): string[] {
  const { lastId } = database.prepare(`SELECT coalesce(max(id), 0) AS lastId FROM records_${day}`).get()!;
  const { hasMarks } = database.prepare("SELECT has_marks AS hasMarks FROM record_days WHERE day = ?").get(day)!;
  const wanted = newSums(Number(lastId));
  for (const { id, record } of database.prepare(`SELECT id, record FROM records_${day}`).iterate()) {
    const columns = readRecordColumns(record as Uint8Array);
    const { message, service, severityText, severity } = columns;
    for (const word of wordsOf(textOf(message))) add(wanted, Number(id), "message", word);
    const marks = [severityMark(severity), ...(hasMarks ? recordMarks(columns).split(" ") : [])];
    const labels = [...wordsOf(textOf(service)), ...wordsOf(textOf(severityText)), ...marks];
    for (const label of labels.filter((some) => some !== "")) add(wanted, Number(id), "labels", label);
  }
  const there = newSums(Number(lastId));
  let nobodys = 0;
  database.exec(`CREATE VIRTUAL TABLE temp.indexed_words USING fts5vocab(main, words_${day}, instance)`);
  try {
    for (const { doc, term, col } of database.prepare("SELECT doc, term, col FROM temp.indexed_words").iterate()) {
      if (Number(doc) > Number(lastId)) nobodys++;
      else add(there, Number(doc), String(col), String(term));
    }
  } finally {
    database.exec("DROP TABLE temp.indexed_words");
  }
  const wrong = wanted.sums.reduce(
    (count, sum, id) => count + Number(sum !== there.sums[id] || wanted.counts[id] !== there.counts[id]),
    0,
  );
  return [
    ...(nobodys > 0 ? [`${nobodys} words belong to no record`] : []),
    ...(wrong > 0 ? [`${wrong} records have other words than are indexed`] : []),
  ];
}

function newSums(lastId: number): WordSums {
  return { counts: new Uint32Array(lastId + 1), sums: new Uint32Array(lastId + 1) };
}

function add({ counts, sums }: WordSums, id: number, column: string, word: string): void {
  let sum = column.length;
  for (let at = 0; at < word.length; at++) sum = Math.imul(sum, 31) + word.charCodeAt(at);
  counts[id]! += 1;
  sums[id]! += sum;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
