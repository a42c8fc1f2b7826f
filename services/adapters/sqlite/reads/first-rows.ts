import type { SortKey } from "../../../domain/stored-record.ts";
import type { DayQuestion, Question } from "./question.ts";
import type { ReadingOrder } from "./reading-order.ts";
import type { Row, StoreReader } from "./store-reader.ts";
import { edgeTime, storedDays } from "./stored-days.ts";

/** Where a record stands in every list, and where its row is. */
export interface RowPlace extends SortKey {
  day: number;
  id: bigint;
}

/** The columns that `placeOf` reads, of a day's records. */
export const PLACE_COLUMNS = "id, time_ns, producer, seq";

/** Reads PLACE_COLUMNS. */
export function placeOf(day: number, [id, timeNanos, producer, seq]: Row): RowPlace {
  return {
    day,
    id: id as bigint,
    timeNanos: timeNanos as bigint,
    producer: Buffer.from(producer as Uint8Array).toString("hex"),
    seq: Number(seq),
  };
}

/**
 * Puts the first rows of all days together into `found`, at most `size`, in order.
 *
 * `ofDay`: takes the first rows of one day, in any order, and those of rows that are found later may be missing where it
 * throws. Days are asked in the order of their first record, and those that have nothing before what was found are not
 * asked at all.
 */
export function findFirstRows(
  reader: StoreReader,
  question: Question,
  order: ReadingOrder,
  size: number,
  found: RowPlace[],
  ofDay: (of: DayQuestion, take: (place: RowPlace) => void) => void,
): void {
  for (const { first, ...day } of daysInOrder(reader, question, order)) {
    const last = found.length === size ? found[size - 1]! : undefined;
    const range = last ? order.upTo(question.range, last.timeNanos) : question.range;
    if (first < range.from || first > range.to) break;
    try {
      ofDay({ ...question, ...day, range }, (place) => found.push(place));
    } finally {
      found.sort(order.compare);
      found.length = Math.min(found.length, size);
    }
  }
}

/** Days that have anything of the tenant in the range, and the time of the first of it. */
function daysInOrder(reader: StoreReader, { tenant, range }: Question, order: ReadingOrder) {
  const days = storedDays(reader).flatMap((day) => {
    const first = edgeTime(reader, order.firstTime, day.day, tenant, range);
    return first === undefined ? [] : [{ ...day, first }];
  });
  const placeOfDay = (timeNanos: bigint): SortKey => ({ timeNanos, producer: "", seq: 0 });
  return days.sort((a, b) => order.compare(placeOfDay(a.first), placeOfDay(b.first)));
}
