import { compareNewestFirst, type SortKey } from "../../../domain/stored-record.ts";
import type { SqlCondition } from "./sql-condition.ts";
import { type Row, STILL_WANTED, type StoreReader } from "./store-reader.ts";
import type { TimeRange } from "./time-range.ts";

/** Where a record stands in every list, and where its row is. */
export interface RowPlace extends SortKey {
  day: number;
  id: bigint;
}

/** The columns that `placeOf` reads, of a day's records. */
export const PLACE_COLUMNS = "id, time_ns, producer, seq";
/** The order of every list. */
export const NEWEST_FIRST = "ORDER BY time_ns DESC, producer DESC, seq DESC";

/** The number of a tenant; undefined where nothing was ever stored for it. */
export function tenantNumber(reader: StoreReader, name: string): bigint | undefined {
  return reader.row("SELECT id FROM tenants WHERE name = ?", Buffer.from(name))?.[0] as bigint | undefined;
}

/** The producer days that have tables of records. */
export function recordDays(reader: StoreReader): number[] {
  return reader.rows("SELECT day FROM record_days").map(([day]) => Number(day));
}

/**
 * The newest rows of all days together, at most `size`, newest first.
 *
 * `ofDay`: those of one day within a range of time, newest first. Days are asked in the order of their newest record, and
 * those that have nothing newer than what was found are not asked at all.
 */
export function newestRows(
  reader: StoreReader,
  tenant: bigint,
  range: TimeRange,
  size: number,
  ofDay: (day: number, range: TimeRange) => RowPlace[],
): RowPlace[] {
  let found: RowPlace[] = [];
  for (const { day, newest } of daysNewestFirst(reader, tenant, range)) {
    const from = found.length === size ? found[size - 1]!.timeNanos : range.from;
    if (newest < from) break;
    found = [...found, ...ofDay(day, { from, to: range.to })].sort(compareNewestFirst).slice(0, size);
  }
  return found;
}

/** The newest rows of one day that meet a condition on its columns, at most `size`: by the index on time. */
export function newestOfDay(
  reader: StoreReader,
  day: number,
  { text, values }: SqlCondition,
  size: number,
): RowPlace[] {
  const sql = `SELECT ${PLACE_COLUMNS} FROM records_${day} WHERE ${text} AND ${STILL_WANTED} ${NEWEST_FIRST} LIMIT ?`;
  return reader.rows(sql, ...values, size).map((row) => placeOf(day, row));
}

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

/** Days that have anything of the tenant in that range, and the time of the newest of it: one step into the index each. */
function daysNewestFirst(
  reader: StoreReader,
  tenant: bigint,
  { from, to }: TimeRange,
): { day: number; newest: bigint }[] {
  const days = recordDays(reader).flatMap((day) => {
    const sql = `SELECT max(time_ns) FROM records_${day} WHERE tenant = ? AND time_ns BETWEEN ? AND ?`;
    const newest = reader.row(sql, tenant, from, to)![0] as bigint | null;
    return newest === null ? [] : [{ day, newest }];
  });
  return days.sort((a, b) => (a.newest === b.newest ? 0 : a.newest > b.newest ? -1 : 1));
}
