import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import type { MysqlConnections } from "./connections.ts";
import { PARTITIONED_TABLES, underSchemaLock } from "./schema.ts";

/** Sees to it that every table has a partition for the producer days that are written. */
export class DayPartitions {
  private readonly connections: MysqlConnections;
  /** Days that had their partitions when we last looked. */
  private readonly known = new Set<number>();

  constructor(connections: MysqlConnections) {
    this.connections = connections;
  }

  /**
   * Makes the partitions that are missing. Costs nothing for days that are known.
   *
   * @throws LogPulseError `store_unavailable`, also where a table has as many partitions as the server allows (8192).
   */
  async ensure(days: Iterable<number>, signal: AbortSignal): Promise<void> {
    const missing = [...new Set(days)].filter((day) => !this.known.has(day));
    if (missing.length === 0) return;
    await this.connections.use((connection) => addPartitions(connection, missing), STORE_WRITE_MS_MAX, signal);
    for (const day of missing) this.known.add(day);
  }

  /** A partition was not there after all: retention has dropped it. */
  forget(): void {
    this.known.clear();
  }
}

async function addPartitions(connection: PoolConnection, days: readonly number[]): Promise<void> {
  await underSchemaLock(connection, async () => {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SELECT TABLE_NAME AS name, PARTITION_NAME AS part FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE()",
    );
    const existing = new Set(rows.map(({ name, part }) => `${name} ${part}`));
    for (const table of PARTITIONED_TABLES) {
      const missing = days.filter((day) => !existing.has(`${table} p${day}`));
      const partitions = missing.map((day) => `PARTITION p${day} VALUES IN (${day})`);
      if (missing.length > 0) await connection.query(`ALTER TABLE ${table} ADD PARTITION (${partitions.join(", ")})`);
    }
  });
}
