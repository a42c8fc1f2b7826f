import { allConditions, type Condition } from "../../../domain/condition.ts";
import type { AccessPage, AccessRecord } from "../../../ports/access-log.ts";
import type { RecordQuery } from "../../../ports/record-query.ts";
import { allRows } from "./all-rows.ts";
import { takeFirstMatches, WORD_PLAN, type WordPlan } from "./day-search.ts";
import { findFirstRows, type RowPlace } from "./first-rows.ts";
import { type DayQuestion, questionOf } from "./question.ts";
import { readingOrder } from "./reading-order.ts";
import type { StoreReader } from "./store-reader.ts";
import { storedDays } from "./stored-days.ts";

const HAS_HTTP: Condition = { kind: "number", field: "status", min: undefined, max: undefined };
const order = readingOrder("newest_first");

/** Rows of a list and their count, as `AccessLog.list` promises them. */
export function listAccess(
  reader: StoreReader,
  query: RecordQuery,
  limit: number,
  offset: number,
  plan: WordPlan = WORD_PLAN,
): AccessPage {
  const question = questionOf(reader, { ...query, condition: allConditions([HAS_HTTP, query.condition]) });
  if (!question) return { rows: [], total: 0 };
  const size = Math.max(1, offset + limit);
  const counts = new Map<number, number>();
  const places: RowPlace[] = [];
  findFirstRows(reader, question, order, size, places, (ofDay, take) => {
    let count = 0;
    takeFirstMatches(reader, { ...ofDay, order, behind: undefined, plan }, size, (place) => {
      count++;
      take(place);
    });
    // Nothing of the day was left out, so it need not be gone through again to be counted.
    if (count < size && ofDay.range.from === question.range.from) counts.set(ofDay.day, count);
  });
  const total = storedDays(reader).reduce(
    (sum, day) => sum + (counts.get(day.day) ?? countOfDay(reader, { ...question, ...day })),
    0,
  );
  return { rows: places.slice(offset, offset + limit).map((place) => accessRecordAt(reader, place)), total };
}

function countOfDay(reader: StoreReader, question: DayQuestion): number {
  const { text, values } = allRows(reader, question);
  return Number(reader.row(`SELECT count(*) ${text}`, ...values)![0]);
}

/** Only what a list shows is read of each row, and only of the rows of the page. */
function accessRecordAt(reader: StoreReader, { day, id, producer, seq, timeNanos }: RowPlace): AccessRecord {
  reader.look();
  const sql = `SELECT client_ip, method, path, status, latency_ns FROM records_${day} WHERE id = ?`;
  const [clientIp, method, path, status, latency] = reader.row(sql, id)!;
  return {
    producer,
    seq,
    timeNanos,
    clientIp: textOf(clientIp as Uint8Array),
    method: textOf(method as Uint8Array),
    path: textOf(path as Uint8Array),
    status: Number(status),
    latencyNanos: latency === null ? undefined : BigInt(latency as bigint | string),
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
