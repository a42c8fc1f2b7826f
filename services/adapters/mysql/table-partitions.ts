import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { PARTITIONED_TABLES } from "./tables.ts";

/** The days of which each table has a partition, the day 0 left out: its partition stays for ever. */
export async function partitionDays(connection: PoolConnection): Promise<Map<string, Set<number>>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT TABLE_NAME AS name, PARTITION_NAME AS part FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE()",
  );
  const daysOf = (table: string) =>
    rows.filter(({ name, part }) => name === table && part !== "p0").map(({ part }) => Number(part.slice(1)));
  return new Map(Object.keys(PARTITIONED_TABLES).map((table) => [table, new Set(daysOf(table))]));
}

/** Gives every table a partition for each of the days. Under the schema lock only. */
export async function addMissingPartitions(connection: PoolConnection, days: readonly number[]): Promise<void> {
  for (const [table, existing] of await partitionDays(connection)) {
    const missing = days.filter((day) => day > 0 && !existing.has(day));
    const partitions = missing.map((day) => `PARTITION p${day} VALUES IN (${day})`);
    if (missing.length > 0) await connection.query(`ALTER TABLE ${table} ADD PARTITION (${partitions.join(", ")})`);
  }
}
