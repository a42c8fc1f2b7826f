import { ALL_IDS, type CompiledCondition, type IdRange } from "./compiled-condition.ts";
import { fewMatches } from "./few-matches.ts";
import { PLACE_COLUMNS, placeOf, type RowPlace } from "./first-rows.ts";
import { matchingRows, type RowsBy } from "./matching-rows.ts";
import { asksForBeginnings, asksForWords, compiled, type DayQuestion } from "./question.ts";
import type { ReadingOrder } from "./reading-order.ts";
import { allOf, type SqlCondition } from "./sql-condition.ts";
import { STILL_WANTED, type StoreReader } from "./store-reader.ts";
import type { TimeRange } from "./time-range.ts";

/** How the records that have some words are found; other numbers give the same records in another time. */
export interface WordPlan {
  /** Of a day: so many records are all looked up and sorted, in some milliseconds. */
  fewMatchesMax: number;
  /** Of how many records the stretches of the time index are that are looked through one after the other. */
  stretches: readonly number[];
  /** The same of those before them in which each record is looked into, where the index of words may be slow. */
  stretchesRead: readonly number[];
  /** Ids of a stretch that are spread over more than so many times their number: records came in another order. */
  spreadMax: number;
}

/** Measured with a million records a day. */
export const WORD_PLAN: WordPlan = {
  fewMatchesMax: 4_000,
  stretches: [1_000, 8_000, 64_000],
  stretchesRead: [1_000, 8_000],
  spreadMax: 8,
};

/** What is asked of one day. */
export interface DaySearch extends DayQuestion {
  order: ReadingOrder;
  /** Beside the question's condition: what comes behind a place; undefined: all. */
  behind: SqlCondition | undefined;
  plan: WordPlan;
}

/** How many records stretches have, and whether each record is looked into. */
interface Stretches {
  counts: readonly number[];
  areRead: boolean;
}

/** Takes a row that was found. */
type Take = (place: RowPlace) => void;

/** A stretch of the time index. */
interface Stretch {
  /** Of its records; empty where too many records have the same time. */
  range: TimeRange;
  /** What comes behind it; undefined where it is the last one. */
  rest: TimeRange | undefined;
  ids: IdRange;
  /** Its ids are so many times as many as its records. */
  spread: number;
}

/**
 * Takes the first records of a day that meet the question, at most `size`; where the order asks for others before, they
 * are taken before or later.
 *
 * Words that stand in few records are looked up in the index of words, and their records sorted by time. Those of many
 * would take long to sort: there the first records are looked through first, a stretch of the time index after the
 * other, with the words looked up among the ids of that stretch only; a page of a common word is found in the first one.
 * Of beginnings of words even those few records cost the index what all of the day do: so the first records are looked
 * into before it is asked, which finds a page of all that is not rare.
 */
export function takeFirstMatches(reader: StoreReader, search: DaySearch, size: number, take: Take): void {
  const { condition, plan } = search;
  const rows = new FirstMatches(reader, search, size, take);
  let rest: TimeRange | undefined = search.range;
  if (asksForBeginnings(condition))
    rest = stretchByStretch(reader, search, rest, { counts: plan.stretchesRead, areRead: true }, rows);
  if (!rest) return;
  const plain = compiled(reader, search, "in_index");
  if (plain.match === undefined && !asksForWords(condition)) return rows.read(plain, rest, { by: "time" });
  const few = plain.match === undefined ? undefined : fewMatches(reader, search.day, plain.match, plan.fewMatchesMax);
  if (few !== undefined) return rows.read(plain, rest, { by: "ids", ids: few });
  rest = stretchByStretch(reader, search, rest, { counts: plan.stretches, areRead: false }, rows);
  if (rest) rows.read(compiled(reader, search, ALL_IDS), rest, { by: "time" });
}

/** Reads rows until there are as many as were asked for. */
class FirstMatches {
  private readonly reader: StoreReader;
  private readonly search: DaySearch;
  private readonly take: Take;
  private left: number;

  constructor(reader: StoreReader, search: DaySearch, size: number, take: Take) {
    this.reader = reader;
    this.search = search;
    this.left = size;
    this.take = take;
  }

  get areAll(): boolean {
    return this.left === 0;
  }

  /** The first rows of that range. */
  read(condition: CompiledCondition, range: TimeRange, rowsBy: RowsBy): void {
    if (range.from > range.to) return;
    const { day, order, behind } = this.search;
    const columns = allOfSome(condition.columns, behind);
    const { text, values } = matchingRows(this.reader, { ...this.search, range }, { ...condition, columns }, rowsBy);
    const sql = `SELECT ${PLACE_COLUMNS} ${text} ${order.orderBy} LIMIT ?`;
    for (const row of this.reader.eachRow(sql, ...values, this.left)) {
      this.left--;
      this.take(placeOf(day, row));
    }
  }
}

/**
 * Looks through the first stretches of a range: with the index of words, or, of `stretches` that are to be read, into each
 * record. Says what is left of the range; undefined where nothing is, or as many as were asked for are found.
 */
function stretchByStretch(
  reader: StoreReader,
  search: DaySearch,
  range: TimeRange,
  { counts, areRead }: Stretches,
  rows: FirstMatches,
): TimeRange | undefined {
  let rest = range;
  for (const count of counts) {
    const stretch = firstStretch(reader, search, rest, count);
    if (stretch === undefined) return undefined;
    const { ids } = stretch;
    if (!areRead && stretch.spread > search.plan.spreadMax) return rest;
    const condition = compiled(reader, search, areRead ? "in_records" : ids);
    rows.read(condition, stretch.range, condition.match === undefined ? { by: "time" } : { by: "words", ids });
    if (rows.areAll || !stretch.rest) return undefined;
    rest = stretch.rest;
  }
  return rest;
}

/** The first `records` entries of the time index, less those of the last time among them: it may have more of them. */
function firstStretch(
  reader: StoreReader,
  { day, tenant, order }: DaySearch,
  range: TimeRange,
  records: number,
): Stretch | undefined {
  const sql =
    `SELECT count(*), ${order.lastTime}(time_ns), min(id), max(id) FROM ` +
    `(SELECT time_ns, id FROM records_${day} WHERE tenant = ? AND time_ns BETWEEN ? AND ? ` +
    `AND ${STILL_WANTED} ORDER BY time_ns ${order.direction} LIMIT ?)`;
  const [found, lastTime, firstId, lastId] = reader.row(sql, tenant, range.from, range.to, records) as bigint[];
  const count = Number(found);
  if (count === 0) return undefined;
  const ids = { first: firstId!, last: lastId! };
  const spread = Number(lastId! - firstId!) / count;
  if (count < records) return { range, rest: undefined, ids, spread };
  return { range: order.before(range, lastTime!), rest: order.from(range, lastTime!), ids, spread };
}

function allOfSome(...conditions: readonly (SqlCondition | undefined)[]): SqlCondition | undefined {
  return conditions.some((some) => some !== undefined) ? allOf(...conditions) : undefined;
}
