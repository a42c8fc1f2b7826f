import type { Condition } from "../../../domain/condition.ts";
import type { RecordQuery } from "../../../ports/record-query.ts";
import {
  ALL_IDS,
  type CompiledCondition,
  compileCondition,
  type IdRange,
  type WordsLookUp,
} from "./compiled-condition.ts";
import type { StoreReader } from "./store-reader.ts";
import { edgeTime, recordId, type StoredDay, tenantNumber } from "./stored-days.ts";
import { type TimeRange, timeRange } from "./time-range.ts";

/** A question about records, as the tables of all days take it. */
export interface Question {
  tenant: bigint;
  range: TimeRange;
  condition: Condition;
}

/** The same of one day. */
export interface DayQuestion extends Question, StoredDay {}

/** Undefined where no record can meet it. */
export function questionOf(reader: StoreReader, query: RecordQuery): Question | undefined {
  const range = timeRange(query.startNanos, query.endNanos === undefined ? undefined : query.endNanos - 1n);
  const tenant = tenantNumber(reader, query.tenant);
  return range && tenant !== undefined ? { tenant, range, condition: query.condition } : undefined;
}

/** Its condition for that day's tables. */
export function compiled(reader: StoreReader, asked: DayQuestion, words: WordsLookUp): CompiledCondition {
  const { day, hasMarks, tenant, condition } = asked;
  const idOf = (producer: string, seq: number) => recordId(reader, day, tenant, producer, seq);
  return compileCondition(condition, { day, hasMarks, words, idOf });
}

/** Whether words have to be looked up somewhere, be it in the index or in the records. */
export function asksForWords(condition: Condition): boolean {
  return hasKind(condition, ({ kind }) => kind === "words" || kind === "phrase" || kind === "word_prefix");
}

/**
 * Whether the index of words is asked for all terms that begin somehow: it then reads all that it has of each of them,
 * which may be seconds, before it tells the first record, and nothing can stop it.
 */
export function asksForBeginnings(condition: Condition): boolean {
  return hasKind(condition, (one) => one.kind === "word_prefix" || (one.kind === "attribute" && one.test === "exists"));
}

function hasKind(condition: Condition, isOne: (condition: Condition) => boolean): boolean {
  switch (condition.kind) {
    case "all":
    case "any":
      return condition.of.some((of) => hasKind(of, isOne));
    case "not":
      return hasKind(condition.of, isOne);
    default:
      return isOne(condition);
  }
}

/** Between which ids all records of the range stand: read from the index on time, unless the range is all that there is. */
export function idsWithin(reader: StoreReader, { day, tenant, range }: DayQuestion): IdRange {
  const whole = { from: -(2n ** 63n), to: 2n ** 63n - 1n };
  const [oldest, newest] = (["min", "max"] as const).map((edge) => edgeTime(reader, edge, day, tenant, whole));
  if (oldest === undefined || newest === undefined || (range.from <= oldest && range.to >= newest)) return ALL_IDS;
  const [first, last] = reader.row(
    `SELECT min(id), max(id) FROM records_${day} WHERE tenant = ? AND time_ns BETWEEN ? AND ? AND still_wanted()`,
    tenant,
    range.from,
    range.to,
  ) as [bigint | null, bigint | null];
  return { first: first ?? 0n, last: last ?? -1n };
}
