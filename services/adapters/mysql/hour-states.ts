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

/** The hours of a tenant that have rows, ascending. */
export async function storedHours(
  connection: PoolConnection,
  tenant: string,
  { from, to }: Span,
): Promise<StoredHour[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT hour, MIN(state = ?) AS is_summed_up FROM rollup_hour_states " +
      "WHERE tenant = ? AND hour BETWEEN ? AND ? GROUP BY hour ORDER BY hour",
    [HOUR_STATE.summedUp, Buffer.from(tenant), from, to],
  );
  return rows.map(({ hour, is_summed_up }) => ({ hour: Number(hour), isSummedUp: Number(is_summed_up) === 1 }));
}
