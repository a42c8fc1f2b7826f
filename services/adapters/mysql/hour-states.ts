import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import type { Span, StoredHour } from "../../ports/stats-spans.ts";

/** Values of `state` in rollup_hour_states. */
export const HOUR_STATE = {
  /** Something was added since the hour was last summed up, if it ever was. */
  byMinutes: 0,
  /** The rows of the hour are the sums of its minutes; where each log partition and producer day of it says so. */
  summedUp: 1,
  /** It has more than can be summed up. */
  tooMuch: 2,
} as const;

/**
 * The hours of a tenant that have rows, ascending.
 *
 * `tables`: are read in the same statement, but for no row, so that nobody changes them from now on until the transaction
 * ends. A statement opens its tables before it fixes the state that the transaction sees: a partition that came between
 * the two could not be read, error 1412, "table definition has changed".
 */
export async function storedHours(
  connection: PoolConnection,
  tenant: string,
  { from, to }: Span,
  tables: readonly string[],
): Promise<StoredHour[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "(SELECT hour, MIN(state = ?) AS is_summed_up FROM rollup_hour_states WHERE tenant = ? AND hour BETWEEN ? AND ? " +
      `GROUP BY hour) UNION ALL (SELECT 0, 0 FROM ${tables.join(", ")} LIMIT 0) ORDER BY hour`,
    [HOUR_STATE.summedUp, Buffer.from(tenant), from, to],
  );
  return rows.map(({ hour, is_summed_up }) => ({ hour: Number(hour), isSummedUp: Number(is_summed_up) === 1 }));
}
