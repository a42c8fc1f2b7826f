import { NEWEST_FIRST, newestOfDay, PLACE_COLUMNS, placeOf, type RowPlace } from "./newest-rows.ts";
import { allOf, condition, type SqlCondition } from "./sql-condition.ts";
import { STILL_WANTED, type StoreReader } from "./store-reader.ts";
import type { TimeRange } from "./time-range.ts";

/** How the records that have some words are found; other numbers give the same records in another time. */
export interface WordPlan {
  /** Of a day: so many records are all looked up and sorted, in some milliseconds. */
  fewMatchesMax: number;
  /** How many records the stretches of the time index have that are looked through one after the other. */
  stretches: readonly number[];
  /** Ids of a stretch that are spread over more than so many times their number: records came in another order. */
  spreadMax: number;
}

/** Measured with a million records a day. */
export const WORD_PLAN: WordPlan = { fewMatchesMax: 4_000, stretches: [1_000, 8_000, 64_000], spreadMax: 8 };

/** What is asked of one day. */
export interface DaySearch {
  day: number;
  tenant: bigint;
  range: TimeRange;
  /** Of the day's words; undefined where all its records are to be looked at. */
  match: string | undefined;
  /** On the columns of the records, tenant and range not among them. */
  conditions: SqlCondition | undefined;
  plan: WordPlan;
}

/** A stretch of the time index: its times (none where `from` is later than `to`), and the ids that its records have. */
interface Stretch extends TimeRange {
  count: number;
  firstId: bigint;
  lastId: bigint;
}

/**
 * The newest records of a day that meet the question, at most `size`, newest first.
 *
 * Words that stand in few records are looked up in the index of words, and their records sorted by time. Those of many
 * would take long to sort: there the newest records are looked through first, a stretch of the time index after the
 * other, with the words looked up among the ids of that stretch only; a page of a common word is found in the first one.
 */
export function newestMatches(reader: StoreReader, search: DaySearch, size: number): RowPlace[] {
  const { match, day, range, plan } = search;
  if (match === undefined) return newestOfDay(reader, day, rowConditions(search, range), size);
  const few = fewMatches(reader, day, match, plan.fewMatchesMax);
  if (few !== undefined) return newestAmong(reader, search, few, size);
  const found: RowPlace[] = [];
  let rest = range;
  for (const records of plan.stretches) {
    const stretch = newestStretch(reader, search, rest, records);
    if (stretch === undefined) return found;
    if (stretch.lastId - stretch.firstId > BigInt(stretch.count * plan.spreadMax)) break;
    found.push(...matchesIn(reader, search, match, stretch, size - found.length));
    if (found.length === size || stretch.from === range.from) return found;
    rest = { from: range.from, to: stretch.from - 1n };
  }
  return [...found, ...matchesByTime(reader, search, match, rest, size - found.length)];
}

/**
 * The ids of all records that have the words, as JSON; undefined where they are many. SQLite stops looking there; where
 * several words are common, but not together, it reads all that the index has of each.
 */
function fewMatches(reader: StoreReader, day: number, match: string, countMax: number): string | undefined {
  const sql =
    "SELECT count(*), json_group_array(id) FROM (SELECT rowid AS id " +
    `FROM words_${day} WHERE words_${day} MATCH ? AND ${STILL_WANTED} LIMIT ?)`;
  const [count, ids] = reader.row(sql, match, countMax + 1)!;
  return Number(count) > countMax ? undefined : (ids as string);
}

/** Of the records with those ids, each looked up and then sorted. */
function newestAmong(reader: StoreReader, search: DaySearch, ids: string, size: number): RowPlace[] {
  const { day, range } = search;
  const { text, values } = rowConditions(search, range);
  const sql =
    `SELECT ${PLACE_COLUMNS} FROM records_${day} NOT INDEXED WHERE id IN (SELECT value FROM json_each(?)) ` +
    `AND ${text} AND ${STILL_WANTED} ${NEWEST_FIRST} LIMIT ?`;
  return reader.rows(sql, ids, ...values, size).map((row) => placeOf(day, row));
}

/** The newest `records` entries of the time index, less those of the last time among them: it may have more of them. */
function newestStretch(
  reader: StoreReader,
  search: DaySearch,
  { from, to }: TimeRange,
  records: number,
): Stretch | undefined {
  const sql =
    "SELECT count(*), min(time_ns), min(id), max(id) FROM " +
    `(SELECT time_ns, id FROM records_${search.day} WHERE tenant = ? AND time_ns BETWEEN ? AND ? ` +
    `AND ${STILL_WANTED} ORDER BY time_ns DESC LIMIT ?)`;
  const [found, oldest, firstId, lastId] = reader.row(sql, search.tenant, from, to, records) as bigint[];
  const count = Number(found);
  if (count === 0) return undefined;
  return { from: count < records ? from : oldest! + 1n, to, count, firstId: firstId!, lastId: lastId! };
}

/** From the index of words to the records of a stretch, which are then sorted. */
function matchesIn(reader: StoreReader, search: DaySearch, match: string, stretch: Stretch, size: number): RowPlace[] {
  const { day } = search;
  const { text, values } = allOf(
    condition(`words_${day} MATCH ?`, match),
    condition("found.rowid BETWEEN ? AND ?", stretch.firstId, stretch.lastId),
    rowConditions(search, stretch),
  );
  const sql =
    `SELECT ${PLACE_COLUMNS} FROM words_${day} AS found CROSS JOIN records_${day} ON id = found.rowid ` +
    `WHERE ${text} AND ${STILL_WANTED} ${NEWEST_FIRST} LIMIT ?`;
  return reader.rows(sql, ...values, size).map((row) => placeOf(day, row));
}

/**
 * From the time index to the records, as many as it takes, after the ids of all that have the words were gathered: a
 * quarter of a second for a million of them.
 */
function matchesByTime(
  reader: StoreReader,
  search: DaySearch,
  match: string,
  range: TimeRange,
  size: number,
): RowPlace[] {
  const { day } = search;
  const withWords = `SELECT rowid FROM words_${day} WHERE words_${day} MATCH ? AND ${STILL_WANTED}`;
  // The plus keeps SQLite from going through those ids instead of the time index.
  const conditions = allOf(rowConditions(search, range), condition(`+id IN (${withWords})`, match));
  return newestOfDay(reader, day, conditions, size);
}

function rowConditions({ tenant, conditions }: DaySearch, { from, to }: TimeRange): SqlCondition {
  return allOf(condition("tenant = ?", tenant), condition("time_ns BETWEEN ? AND ?", from, to), conditions);
}
