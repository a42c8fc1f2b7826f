import type { PoolConnection } from "mysql2/promise";
import { SETTLED_RANGES_PER_PRODUCER_MAX } from "../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { conflict, type RefusedRecord } from "../../domain/refused-record.ts";
import { type SettledSplit, settleBatches } from "../../domain/settled-ranges.ts";
import { NO_COUNTS, type StoreCounts } from "../../ports/log-sink.ts";
import type { Outcome } from "./connections.ts";
import type { ContentComparison } from "./content-comparison.ts";
import { lockFirstDay } from "./first-day.ts";
import { insertGood } from "./record-rows.ts";
import { addToRollups } from "./rollup-rows.ts";
import { LockedRanges } from "./settled-rows.ts";
import { compareWithStored } from "./stored-content.ts";

/** What one run of the transaction found: counts where it may be kept, refusals where letters must be kept first. */
export interface StoreResult {
  counts: StoreCounts;
  newlyRefused: RefusedRecord[];
}

/**
 * Settles the batches: takes the locks of the first day and of their producers, reads what is settled, and changes rows,
 * ranges and rollups.
 *
 * `kept`: refused records whose dead letters are kept; their seqs may be settled. Where it finds others, the transaction
 * must be rolled back, their letters kept, and all of it run again, with the same `comparison`. `nowMs`: the time.
 */
export async function storeBatches(
  connection: PoolConnection,
  batches: readonly LoggedBatch[],
  kept: ReadonlySet<LoggedRecord>,
  comparison: ContentComparison,
  nowMs: number,
): Promise<Outcome<StoreResult>> {
  const firstDay = await lockFirstDay(connection);
  const current = batches.filter(({ producerDay }) => producerDay >= firstDay);
  const ranges = await LockedRanges.lock(connection, current);
  const splits = settleBatches(current, (some) => ranges.of(some));
  const fresh = splits.flatMap((split) => split.fresh.map((logged) => ({ batch: split.batch, logged })));
  const hopeful = fresh.filter(({ logged }) => !kept.has(logged));
  const { good, refused } = await insertGood(connection, hopeful);
  const refusedSettled = await judgeSettled(connection, splits, kept, comparison); // After the insert: it may have been in these batches.

  const newlyRefused = [...refused, ...refusedSettled].filter(({ logged }) => !kept.has(logged));
  if (newlyRefused.length > 0) return { commit: false, value: { counts: NO_COUNTS, newlyRefused } };

  await addToRollups(connection, good, nowMs);
  await ranges.save(connection);
  const dropped = sum(good, ({ logged }) => Number(logged.dropped));
  const settled = sum(splits, (split) => split.settled.length + split.inClosedGap.length);
  const counts: StoreCounts = {
    stored: good.length - dropped,
    duplicate: settled - refusedSettled.length,
    dropped,
    deadLettered: fresh.length - good.length + refusedSettled.length,
    rejected: sum(current, ({ recordCount, records }) => recordCount - records.length),
    expired: sum(batches, ({ recordCount }) => recordCount) - sum(current, ({ recordCount }) => recordCount),
  };
  return { commit: true, value: { counts, newlyRefused } };
}

/**
 * Of the records whose seqs were settled before, those that are no duplicates: another record is stored, or none is
 * where it may have been lost in a closed gap. Dropped ones are not stored either way.
 */
async function judgeSettled(
  connection: PoolConnection,
  splits: readonly SettledSplit[],
  kept: ReadonlySet<LoggedRecord>,
  comparison: ContentComparison,
): Promise<RefusedRecord[]> {
  const parts = splits.map(({ batch, settled, inClosedGap }) => ({ batch, records: [...settled, ...inClosedGap] }));
  const stored = await compareWithStored(connection, parts, comparison, kept);
  const conflicts = parts.flatMap(({ batch, records }) =>
    records
      .filter((logged) => (stored.get(logged) ?? "same") !== "same")
      .map((logged) => conflict(batch, logged, stored.get(logged))),
  );
  const lost = splits.flatMap(({ batch, inClosedGap }) =>
    inClosedGap
      .filter((logged) => !logged.dropped && !stored.has(logged))
      .map((logged) => ({ batch, logged, reason: "gap_closed", detail: GAP_CLOSED })),
  );
  return [...conflicts, ...lost];
}

const GAP_CLOSED = `the producer left more than ${SETTLED_RANGES_PER_PRODUCER_MAX} gaps between its seqs`;

function sum<T>(all: readonly T[], numberOf: (one: T) => number): number {
  return all.reduce((total, one) => total + numberOf(one), 0);
}
