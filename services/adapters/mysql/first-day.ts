import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { LogPulseError } from "../../domain/errors.ts";

const SELECT = "SELECT first_day FROM store_state WHERE only_row = 1";

/** The first producer day that the store keeps, as it is now. */
export function firstDay(connection: PoolConnection): Promise<number> {
  return read(connection, SELECT);
}

/**
 * The first day, which stays the same until the transaction ends.
 *
 * It must be the first lock that the transaction takes: whoever moves the day waits for it, and all who come after wait
 * for him.
 */
export function lockFirstDay(connection: PoolConnection): Promise<number> {
  return read(connection, `${SELECT} LOCK IN SHARE MODE`);
}

/**
 * Moves the first day forward, never back, and says what it is then. Waits for the transactions that hold it, and all
 * that come after wait too: so it asks for the lock only where there is something to move, once a day.
 */
export async function moveFirstDay(connection: PoolConnection, day: number): Promise<number> {
  const now = await firstDay(connection);
  if (now >= day) return now;
  await connection.query("UPDATE store_state SET first_day = ? WHERE only_row = 1 AND first_day < ?", [day, day]);
  return firstDay(connection);
}

async function read(connection: PoolConnection, sql: string): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  if (!rows[0]) throw new LogPulseError("bug", "the table store_state is empty: prepare the database again");
  return Number(rows[0].first_day);
}
