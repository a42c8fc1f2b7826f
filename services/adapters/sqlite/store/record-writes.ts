import { rollUp } from "../../../domain/rollup.ts";
import type { StoreTables } from "./store-tables.ts";
import type { BatchPart } from "./stored-content.ts";

/**
 * Stores records that were never counted before: rows of those that no rule drops, and the rollups of all. In a
 * transaction only. `nowMs`: since 1970.
 */
export function writeRecords(tables: StoreTables, good: readonly BatchPart[], nowMs: number): void {
  const parts = good.filter(({ records }) => records.length > 0);
  addToRollups(tables, parts, nowMs);
  const days = parts.map(({ batch, records }) => {
    const day = tables.ensureRecordDay(batch.producerDay);
    const rows = records.filter(({ dropped }) => !dropped);
    day.add(tables.ensureTenant(batch.tenant), batch, rows);
    return day;
  });
  for (const day of new Set(days)) day.finish();
}

function addToRollups(tables: StoreTables, parts: readonly BatchPart[], nowMs: number): void {
  const groups = Map.groupBy(parts, ({ batch }) => `${batch.partition} ${batch.producerDay} ${batch.tenant}`);
  for (const group of groups.values()) {
    const minutes = rollUp(recordsOf(group));
    if (minutes.size === 0) continue; // A day without requests has no rollups to forget.
    const { tenant, partition, producerDay } = group[0]!.batch;
    tables.ensureRollupDay(producerDay).add(tables.ensureTenant(tenant), partition, minutes, nowMs);
  }
}

function* recordsOf(group: readonly BatchPart[]) {
  for (const { records } of group) yield* records;
}
