import { compareNewestFirst, type SortKey } from "../../../domain/stored-record.ts";
import type { RecordOrder } from "../../../ports/log-search.ts";
import { condition, type SqlCondition } from "./sql-condition.ts";
import type { TimeRange } from "./time-range.ts";

/** What differs between reading from the newest record on and from the oldest one on. */
export interface ReadingOrder {
  direction: "ASC" | "DESC";
  /** By (time, producer, seq). */
  orderBy: string;
  /** Of several times the one that comes first. */
  firstTime: "max" | "min";
  /** Of several times the one that comes last. */
  lastTime: "max" | "min";
  /** Below 0 where `a` comes before `b`. */
  compare(a: SortKey, b: SortKey): number;
  /** The part of a range that comes at a time or behind it. */
  from(range: TimeRange, time: bigint): TimeRange;
  /** The part that comes before it or at it. */
  upTo(range: TimeRange, time: bigint): TimeRange;
  /** The part that comes before it; where that is nothing its `from` is later than its `to`. */
  before(range: TimeRange, time: bigint): TimeRange;
  /** Of the rows with the time of a place: those behind it. All others that are left come behind it. */
  isBehind(place: SortKey): SqlCondition;
}

const NEWEST_FIRST: ReadingOrder = {
  direction: "DESC",
  orderBy: "ORDER BY time_ns DESC, producer DESC, seq DESC",
  firstTime: "max",
  lastTime: "min",
  compare: compareNewestFirst,
  from: (range, time) => ({ from: range.from, to: time < range.to ? time : range.to }),
  upTo: (range, time) => ({ from: time, to: range.to }),
  before: (range, time) => ({ from: time + 1n, to: range.to }),
  isBehind: (place) => isBeyond(place, "<"),
};

const OLDEST_FIRST: ReadingOrder = {
  direction: "ASC",
  orderBy: "ORDER BY time_ns, producer, seq",
  firstTime: "min",
  lastTime: "max",
  compare: (a, b) => compareNewestFirst(b, a),
  from: (range, time) => ({ from: time > range.from ? time : range.from, to: range.to }),
  upTo: (range, time) => ({ from: range.from, to: time }),
  before: (range, time) => ({ from: range.from, to: time - 1n }),
  isBehind: (place) => isBeyond(place, ">"),
};

/** How to read in that order. */
export function readingOrder(order: RecordOrder): ReadingOrder {
  return order === "newest_first" ? NEWEST_FIRST : OLDEST_FIRST;
}

function isBeyond({ timeNanos, producer, seq }: SortKey, sign: "<" | ">"): SqlCondition {
  const bytes = Buffer.from(producer, "hex");
  const sql = `time_ns ${sign} ? OR producer ${sign} ? OR (producer = ? AND seq ${sign} ?)`;
  return condition(sql, timeNanos, bytes, bytes, seq);
}
