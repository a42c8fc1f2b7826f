import type { CountedProblem } from "../judge.ts";
import { ACKED, DROPPED, INVALID, REJECTED } from "../record-flags.ts";
import type { Samples } from "../samples.ts";
import type { SentRecords } from "../sent-records.ts";
import { varintsOf } from "../varints.ts";
import { bytesOf, hexOf, type SqliteReader } from "./sqlite-reader.ts";
import { recordDays, tenantNames } from "./store-rows.ts";

const FORMAT = 1;

/** Marks in `sent` what the store says is settled, and holds it against what was sent, answered and stored. */
export function joinSettled(
  sent: SentRecords,
  reader: SqliteReader,
  tenant: string,
  samples: Samples,
): CountedProblem[] {
  let unsent = 0;
  for (const { producer, first, last } of settledRanges(reader, tenant)) {
    for (let seq = first; seq <= last; seq++) {
      const records = sent.find(producer, seq);
      if (records) {
        records.found.settled[seq]!++;
        continue;
      }
      // A range may have no end to speak of: what lies beyond is counted, not walked through.
      const known = sent.lengthOf(producer);
      const next = seq < known ? seq + 1 : last + 1;
      unsent += next - seq;
      samples.add("settled", `${producer} has settled ${seq} to ${next - 1}, which were never sent`);
      seq = next - 1;
    }
  }
  return [[unsent, "seqs settled in sqlite that were never sent"], ...contradictions(sent, samples)];
}

/** The ranges of all producers, both ends included. */
function* settledRanges(
  reader: SqliteReader,
  tenant: string,
): Generator<{ producer: string; first: number; last: number }> {
  const tenants = tenantNames(reader);
  for (const day of recordDays(reader)) {
    for (const row of reader.rows(`SELECT tenant, producer, ranges FROM settled_${day}`)) {
      const producer = tenants.get(Number(row.tenant)) === tenant ? hexOf(row.producer) : "another tenant's";
      for (const range of rangesOf(bytesOf(row.ranges))) yield { producer, ...range };
    }
  }
}

/**
 * Both ends of each range are included. Written are a format, two numbers about gaps that were closed, and the distances
 * between all ends.
 *
 * @throws Error where they are written otherwise.
 */
export function rangesOf(bytes: Uint8Array): { first: number; last: number }[] {
  const [format, , , ...distances] = varintsOf(bytes);
  if (format !== FORMAT || distances.length % 2 !== 0) throw new Error("settled ranges are unreadable");
  const ranges: { first: number; last: number }[] = [];
  for (let at = 0, end = 0; at < distances.length; at += 2) {
    const first = end + distances[at]!;
    end = first + distances[at + 1]!;
    ranges.push({ first, last: end });
  }
  return ranges;
}

function contradictions(sent: SentRecords, samples: Samples): CountedProblem[] {
  const counts = { withoutRow: 0, rowNotSettled: 0, answeredNotSettled: 0, twice: 0 };
  const note = (what: keyof typeof counts, sentence: string) => {
    counts[what]++;
    samples.add(`settled ${what}`, sentence);
  };
  sent.forEach(({ producer, found }, seq, flags) => {
    const name = `${producer}-${seq}`;
    const [settled, rows] = [found.settled[seq]!, found.sqlite[seq]!];
    if (settled > 1) note("twice", `${name} is settled ${settled} times`);
    if (settled === 0 && rows > 0) note("rowNotSettled", `${name} has a row and is not settled`);
    if (settled === 0 && flags & (ACKED | REJECTED))
      note("answeredNotSettled", `${name} was answered, and is not settled`);
    const hasNone = flags & (INVALID | DROPPED) || found.sqliteLetters[seq]! > 0;
    if (settled > 0 && rows === 0 && !hasNone) note("withoutRow", `${name} is settled and has no row`);
  });
  return [
    [counts.withoutRow, "seqs settled in sqlite without a row or a dead letter"],
    [counts.rowNotSettled, "rows of sqlite that are not settled"],
    [counts.answeredNotSettled, "acknowledged seqs that sqlite has not settled"],
    [counts.twice, "seqs that sqlite has settled twice"],
  ];
}
