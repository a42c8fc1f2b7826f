import type { PoolConnection } from "mysql2/promise";
import { STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import type { MysqlConnections, Outcome } from "./connections.ts";
import { isMissingPartition } from "./errors.ts";
import { firstDay } from "./first-day.ts";
import { underSchemaLock } from "./schema.ts";
import { addMissingPartitions } from "./table-partitions.ts";

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

/**
 * Resolves with the store's first day. Retention moves it under the same lock: what it has dropped is not made again.
 */
async function addPartitions(connection: PoolConnection, days: readonly number[]): Promise<number> {
  return underSchemaLock(connection, async () => {
    const first = await firstDay(connection);
    await addMissingPartitions(
      connection,
      days.filter((day) => day >= first),
    );
    return first;
  });
}
