import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { SETTLED_RANGES_PER_PRODUCER_MAX } from "../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import type { RefusedRecord } from "../../domain/refused-record.ts";
import { settleBatches } from "../../domain/settled-ranges.ts";
import { NO_COUNTS, type StoreCounts } from "../../ports/log-sink.ts";
import type { Outcome } from "./connections.ts";
import { type BatchedRecord, insertRecords, refusalOf } from "./record-rows.ts";
import { addToRollups } from "./rollup-rows.ts";
import { LockedRanges } from "./settled-rows.ts";

/** What one run of the transaction found: counts where it may be kept, refusals where letters must be kept first. */
export interface StoreResult {
  counts: StoreCounts;
  newlyRefused: RefusedRecord[];
}

/**
 * Settles the batches: takes the locks of their producers, reads what is settled, and changes rows, ranges and rollups.
 *
 * `kept`: refused records whose dead letters are kept; their seqs may be settled. Where it finds others, the transaction
 * must be rolled back, their letters kept, and all of it run again.
 */
export async function storeBatches(
  connection: PoolConnection,
  batches: readonly LoggedBatch[],
  kept: ReadonlySet<LoggedRecord>,
): Promise<Outcome<StoreResult>> {
  const ranges = await LockedRanges.lock(connection, batches);
  const split = await splitBatches(connection, batches, ranges, kept);
  const toStore = split.good.filter(({ logged }) => !logged.dropped);
  const newlyRefused = [...split.refused, ...(await insertRecords(connection, toStore))];
  if (newlyRefused.length > 0) return { commit: false, value: { counts: NO_COUNTS, newlyRefused } };

  await addToRollups(connection, split.good);
  await ranges.save(connection);
  const counts: StoreCounts = {
    ...split.counts,
    stored: toStore.length,
    dropped: split.good.length - toStore.length,
  };
  return { commit: true, value: { counts, newlyRefused } };
}

interface Split {
  /** Settled now for the first time, to be stored or dropped. */
  good: BatchedRecord[];
  /** Known to be refused without asking the table, and not in `kept`. */
  refused: RefusedRecord[];
  counts: Pick<StoreCounts, "duplicate" | "deadLettered" | "rejected">;
}

async function splitBatches(
  connection: PoolConnection,
  batches: readonly LoggedBatch[],
  ranges: LockedRanges,
  kept: ReadonlySet<LoggedRecord>,
): Promise<Split> {
  const split: Split = { good: [], refused: [], counts: { duplicate: 0, deadLettered: 0, rejected: 0 } };
  const refuse = (refused: RefusedRecord) => {
    if (kept.has(refused.logged)) split.counts.deadLettered += 1;
    else split.refused.push(refused);
  };
  for (const { batch, fresh, settled, inClosedGap } of settleBatches(batches, (some) => ranges.of(some))) {
    split.counts.rejected += batch.recordCount - batch.records.length;
    split.counts.duplicate += settled;
    for (const logged of fresh) {
      const refusal = refusalOf({ batch, logged });
      if (refusal) refuse(refusal);
      else if (kept.has(logged)) split.counts.deadLettered += 1;
      else split.good.push({ batch, logged });
    }
    const lost = await lostInGap(connection, batch, inClosedGap);
    split.counts.duplicate += inClosedGap.length - lost.length;
    for (const logged of lost) refuse({ batch, logged, reason: "gap_closed", detail: GAP_CLOSED });
  }
  return split;
}

const GAP_CLOSED = `the producer left more than ${SETTLED_RANGES_PER_PRODUCER_MAX} gaps between its seqs`;

/** Of the records that may lie in a closed gap, those that were never stored; dropped ones are not kept either way. */
async function lostInGap(
  connection: PoolConnection,
  { producerDay, tenant, producer }: LoggedBatch,
  inClosedGap: readonly LoggedRecord[],
): Promise<LoggedRecord[]> {
  const candidates = inClosedGap.filter(({ dropped }) => !dropped);
  if (candidates.length === 0) return [];
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT seq FROM records WHERE producer_day = ? AND tenant = ? AND producer = ? AND seq IN (?)",
    [producerDay, Buffer.from(tenant), Buffer.from(producer, "hex"), candidates.map(({ seq }) => seq)],
  );
  const stored = new Set(rows.map((row) => Number(row.seq)));
  return candidates.filter(({ seq }) => !stored.has(seq));
}
