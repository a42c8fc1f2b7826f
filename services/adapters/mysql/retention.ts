import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import type { FirstDays, KeptDays, Retention } from "../../ports/retention.ts";
import { type MysqlConnections, TABLE_WAIT_SECONDS_MAX } from "./connections.ts";
import { moveFirstDay } from "./first-day.ts";
import { underSchemaLock } from "./schema.ts";
import { STORE_NAME } from "./settings.ts";
import { partitionDays } from "./table-partitions.ts";
import { ROLLUP_TABLES } from "./tables.ts";

/** Whoever wants to use a table waits behind the one who waits to change it: better to come again. */
const CHANGE_WAIT_SECONDS_MAX = 2;

/** How far a call has come. */
interface Done {
  firstDay: number;
  dropped: Set<number>;
}

/** Drops the partitions of days that are no longer kept. */
export class MysqlRetention implements Retention {
  readonly name = STORE_NAME;
  private readonly connections: MysqlConnections;

  constructor(connections: MysqlConnections) {
    this.connections = connections;
  }

  /** On a busy server a table may not be free for long enough, or the time may be up: the next call goes on. */
  async keepFrom(first: FirstDays, signal: AbortSignal): Promise<KeptDays> {
    const done: Done = { firstDay: first.records, dropped: new Set() };
    const kept = () => ({ firstDay: done.firstDay, dropped: [...done.dropped].sort((a, b) => a - b) });
    const work = (connection: PoolConnection) => underSchemaLock(connection, () => keepFrom(connection, first, done));
    try {
      await this.connections.use(work, STORE_WRITE_MS_MAX, signal);
      return kept();
    } catch (unfinished) {
      if (done.dropped.size === 0) throw unfinished;
      return { ...kept(), unfinished };
    }
  }
}

/**
 * Under the schema lock: partitions are added under it too, so none comes back between the two steps. Transactions hold
 * the first day shared: when it has moved, those that saw the day before it have ended. `done`: gets each day as it goes.
 */
async function keepFrom(connection: PoolConnection, first: FirstDays, done: Done): Promise<void> {
  const { dropped } = done;
  const firstDay = await moveFirstDay(connection, first.records);
  done.firstDay = firstDay;
  const firstRollupDay = Math.min(first.rollups, firstDay); // What is stored now must have rollups to be counted in.
  await setTableWait(connection, CHANGE_WAIT_SECONDS_MAX);
  for (const [table, days] of await partitionDays(connection)) {
    const firstKept = ROLLUP_TABLES.includes(table) ? firstRollupDay : firstDay;
    for (const day of [...days].filter((some) => some < firstKept).sort((a, b) => a - b)) {
      // One at a time: a call that runs out of time has done its share.
      await connection.query(`ALTER TABLE ${table} DROP PARTITION p${day}`);
      dropped.add(day);
    }
    if (firstKept > 0 && (await emptyFirstPartition(connection, table))) dropped.add(0);
  }
  await setTableWait(connection, TABLE_WAIT_SECONDS_MAX); // After an error the connection is closed anyway.
}

async function setTableWait(connection: PoolConnection, seconds: number): Promise<void> {
  await connection.query(`SET SESSION lock_wait_timeout = ${seconds}`);
}

/** The partition of the day 0 stays, its rows do not. True where it had any. */
async function emptyFirstPartition(connection: PoolConnection, table: string): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT 1 FROM ${table} PARTITION (p0) LIMIT 1`);
  if (rows.length > 0) await connection.query(`ALTER TABLE ${table} TRUNCATE PARTITION p0`);
  return rows.length > 0;
}
