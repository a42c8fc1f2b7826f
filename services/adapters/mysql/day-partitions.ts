import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import type { MysqlConnections, Outcome } from "./connections.ts";
import { isMissingPartition } from "./errors.ts";
import { firstDay } from "./first-day.ts";
import { underSchemaLock } from "./schema.ts";
import { PARTITIONED_TABLES } from "./tables.ts";

/** Sees to it that every table has a partition for the producer days that are written. */
export class DayPartitions {
  private readonly connections: MysqlConnections;
  /** Days that had their partitions when we last looked. */
  private readonly known = new Set<number>();
  /** The store's first day when we last looked; it may have moved forward since then. */
  private firstDay = 0;

  constructor(connections: MysqlConnections) {
    this.connections = connections;
  }

  /**
   * Makes the partitions that are missing, of days that the store keeps. Costs nothing for days that are known.
   *
   * @throws LogPulseError `store_unavailable`, also where a table has as many partitions as the server allows (8192).
   */
  async ensure(days: Iterable<number>, signal: AbortSignal): Promise<void> {
    const missing = [...new Set(days)].filter((day) => day >= this.firstDay && !this.known.has(day));
    if (missing.length === 0) return;
    const add = (connection: PoolConnection) => addPartitions(connection, missing);
    this.firstDay = await this.connections.use(add, STORE_WRITE_MS_MAX, signal);
    for (const day of missing) this.known.add(day);
  }

  /** Runs a transaction that writes to those days, after their partitions were made. */
  async transaction<T>(
    days: Iterable<number>,
    work: (connection: PoolConnection) => Promise<Outcome<T>>,
    signal: AbortSignal,
  ): Promise<T> {
    await this.ensure(days, signal);
    try {
      return await this.connections.transaction(work, signal);
    } catch (reason) {
      if (isMissingPartition(reason)) this.known.clear(); // It was not there after all: the next attempt makes it again.
      throw reason;
    }
  }
}

/** The days of which each table has a partition, the day 0 left out: its partition stays for ever. */
export async function partitionDays(connection: PoolConnection): Promise<Map<string, Set<number>>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT TABLE_NAME AS name, PARTITION_NAME AS part FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE()",
  );
  const daysOf = (table: string) =>
    rows.filter(({ name, part }) => name === table && part !== "p0").map(({ part }) => Number(part.slice(1)));
  return new Map(Object.keys(PARTITIONED_TABLES).map((table) => [table, new Set(daysOf(table))]));
}

/**
 * Resolves with the store's first day. Retention moves it under the same lock: what it has dropped is not made again.
 */
async function addPartitions(connection: PoolConnection, days: readonly number[]): Promise<number> {
  return underSchemaLock(connection, async () => {
    const first = await firstDay(connection);
    for (const [table, existing] of await partitionDays(connection)) {
      const missing = days.filter((day) => day >= first && day > 0 && !existing.has(day));
      const partitions = missing.map((day) => `PARTITION p${day} VALUES IN (${day})`);
      if (missing.length > 0) await connection.query(`ALTER TABLE ${table} ADD PARTITION (${partitions.join(", ")})`);
    }
    return first;
  });
}
