import { READ_LOOK_BYTES_MAX } from "../../../domain/limits.ts";
import type { SearchPage } from "../../../ports/log-search.ts";
import type { RecordQuery } from "../../../ports/record-query.ts";
import { takeFirstMatches, WORD_PLAN, type WordPlan } from "./day-search.ts";
import type { EncodedRecord } from "./encoded-record.ts";
import { findFirstRows, type RowPlace } from "./first-rows.ts";
import { type Question, questionOf } from "./question.ts";
import { readingOrder } from "./reading-order.ts";
import type { StoreReader } from "./store-reader.ts";

/** Which of the records that were found, as one look is asked for them. */
export type LookPage = Pick<SearchPage, "size" | "order" | "after">;

/** What one look found. */
export interface SearchAnswer {
  records: EncodedRecord[];
  /** There is more on the page: these are as many as one answer may hold. The next look begins behind the last. */
  isCut: boolean;
  /** The time was up first, as in FoundRecords. */
  isPartial: boolean;
}

/** For tests: how much is looked at and answered at once. */
export interface SearchBounds {
  bytesMax: number;
  plan: WordPlan;
}

const BOUNDS: SearchBounds = { bytesMax: READ_LOOK_BYTES_MAX, plan: WORD_PLAN };

/** A page of a search, as `LogSearch.search` promises it, but for its bound in bytes. */
export function searchPage(
  reader: StoreReader,
  query: RecordQuery,
  page: LookPage,
  { bytesMax, plan }: SearchBounds = BOUNDS,
): SearchAnswer {
  const question = questionOf(reader, query);
  const found: RowPlace[] = [];
  try {
    if (question && page.size >= 1) findPlaces(reader, question, page, plan, found);
  } catch (reason) {
    if (!reader.isTimeUp) throw reason;
  }
  const isPartial = reader.isTimeUp;
  return { ...recordsAt(reader, found, bytesMax), isPartial };
}

/** Puts the places of the records into `found`; those that were found until then, where it throws. */
export function findPlaces(
  reader: StoreReader,
  question: Question,
  { size, order: orderName, after }: LookPage,
  plan: WordPlan,
  found: RowPlace[],
): void {
  const order = readingOrder(orderName);
  const range = after ? order.from(question.range, after.timeNanos) : question.range;
  if (range.from > range.to) return;
  // Other times than the place's are all behind it.
  const isSameTime = after && (after.timeNanos === range.from || after.timeNanos === range.to);
  const behind = isSameTime ? order.isBehind(after) : undefined;
  findFirstRows(reader, { ...question, range }, order, size, found, (ofDay, take) =>
    takeFirstMatches(reader, { ...ofDay, order, behind, plan }, size, take),
  );
}

/** The records themselves: read last, so that only those of the page are, and then however late it is. */
function recordsAt(reader: StoreReader, places: readonly RowPlace[], bytesMax: number) {
  const records: EncodedRecord[] = [];
  let bytes = 0;
  for (const { day, id, producer, seq } of places) {
    if (bytes >= bytesMax) return { records, isCut: true };
    const row = reader.row(`SELECT received_ns, record FROM records_${day} WHERE id = ?`, id)!;
    const record = row[1] as Uint8Array;
    bytes += record.length;
    records.push({ producer, seq, receivedNanos: row[0] as bigint, record });
  }
  return { records, isCut: false };
}
