import { RECORD_BYTES_MAX, RECORD_TIME_NANOS_MAX, SETTLED_RANGES_PER_PRODUCER_MAX } from "../../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../../domain/logged-batch.ts";
import { conflict, type RefusedRecord } from "../../../domain/refused-record.ts";
import { type SettledSplit, settleBatches } from "../../../domain/settled-ranges.ts";
import type { StoreCounts } from "../../../ports/log-sink.ts";
import type { ComparisonResults, UnlikeRecord } from "./content-comparison.ts";
import { ProducerRanges, producerKey } from "./producer-ranges.ts";
import type { StoreTables } from "./store-tables.ts";
import { type BatchPart, findContent, judgeUnlike } from "./stored-content.ts";

/** What is to become of the batches of one call. It holds until something is awaited. */
export interface SettlePlan {
  counts: StoreCounts;
  /** Records that count: those that no rule drops get rows. */
  good: BatchPart[];
  /** As they are to be. */
  ranges: ProducerRanges;
  /** To be compared first: the plan may not be carried out before, and `refused` is not whole. */
  unlike: UnlikeRecord[];
  /** Those whose letters are to be kept first. */
  refused: RefusedRecord[];
}

const GAP_CLOSED = `the producer left more than ${SETTLED_RANGES_PER_PRODUCER_MAX} gaps between its seqs`;

/**
 * Finds out what is to become of the batches, without changing anything.
 *
 * `kept`: refused records whose letters are kept. `results`: what comparisons have found.
 */
export function planSettling(
  tables: StoreTables,
  batches: readonly LoggedBatch[],
  kept: ReadonlySet<LoggedRecord>,
  results: ComparisonResults,
): SettlePlan {
  const firstDay = tables.firstDay();
  const current = batches.filter(({ producerDay }) => producerDay >= firstDay);
  const ranges = new ProducerRanges(tables);
  const splits = settleBatches(current, (some) => ranges.of(some));

  const refusedFresh = splits.flatMap(({ batch, fresh }) => fresh.flatMap((logged) => refusalOf(batch, logged) ?? []));
  const good = splits.map(({ batch, fresh }) => ({ batch, records: without(fresh, refusedFresh) }));
  const { refused: refusedSettled, unlike } = judgeSettled(tables, splits, good, kept, results);

  const deadLettered = [...refusedFresh, ...refusedSettled];
  const storedOrDropped = sum(good, ({ records }) => records.length);
  const dropped = sum(good, ({ records }) => sum(records, (logged) => Number(logged.dropped)));
  const settled = sum(splits, (split) => split.settled.length + split.inClosedGap.length);
  const counts: StoreCounts = {
    stored: storedOrDropped - dropped,
    duplicate: settled - refusedSettled.length,
    dropped,
    deadLettered: deadLettered.length,
    rejected: sum(current, ({ recordCount, records }) => recordCount - records.length),
    expired: sum(batches, ({ recordCount }) => recordCount) - sum(current, ({ recordCount }) => recordCount),
  };
  return { counts, good, ranges, unlike, refused: deadLettered.filter(({ logged }) => !kept.has(logged)) };
}

/**
 * Why the tables cannot take a record. Ingest lets no such record through; somebody else may write to the log.
 */
export function refusalOf(batch: LoggedBatch, logged: LoggedRecord): RefusedRecord | undefined {
  const { length } = logged.bytes;
  if (length > RECORD_BYTES_MAX) {
    return { batch, logged, reason: "record_too_long", detail: `${length} bytes; at most ${RECORD_BYTES_MAX}` };
  }
  for (const nanos of [logged.timeNanos, batch.receivedNanos]) {
    if (nanos > RECORD_TIME_NANOS_MAX || nanos < -RECORD_TIME_NANOS_MAX) {
      return { batch, logged, reason: "time_out_of_range", detail: `${nanos} ns since 1970 are more than 64 bits` };
    }
  }
  return undefined;
}

/**
 * Of the records whose seqs were settled before, those that are no duplicates: another record is stored, or none is
 * where it may have been lost in a closed gap. Dropped ones are not stored either way.
 */
function judgeSettled(
  tables: StoreTables,
  splits: readonly SettledSplit[],
  good: readonly BatchPart[],
  kept: ReadonlySet<LoggedRecord>,
  results: ComparisonResults,
): { refused: RefusedRecord[]; unlike: UnlikeRecord[] } {
  const parts = splits
    .map(({ batch, settled, inClosedGap }) => ({ batch, records: [...settled, ...inClosedGap].sort(bySeq) }))
    .filter(({ records }) => records.length > 0);
  if (parts.length === 0) return { refused: [], unlike: [] };
  const found = findContent(tables, parts, results, kept);
  const before = new GoodOfCall(parts, good);
  for (const { batch, records } of parts) {
    for (const logged of records) {
      const first = before.of(batch, logged.seq);
      if (!first) continue;
      if (Buffer.compare(first.bytes, logged.bytes) === 0) found.content.set(logged, "same");
      else judgeUnlike({ logged, stored: first }, results, kept, found);
    }
  }
  const { content, unlike } = found;
  const conflicts = parts.flatMap(({ batch, records }) =>
    records
      .filter((logged) => (content.get(logged) ?? "same") !== "same")
      .map((logged) => conflict(batch, logged, content.get(logged))),
  );
  const lost = splits.flatMap(({ batch, inClosedGap }) =>
    inClosedGap
      .filter((logged) => !logged.dropped && !content.has(logged))
      .map((logged) => ({ batch, logged, reason: "gap_closed", detail: GAP_CLOSED })),
  );
  return { refused: [...conflicts, ...lost], unlike };
}

/** The records that the call itself is to store, of the producers of some of its batches. */
class GoodOfCall {
  private readonly producers = new Map<string, Map<number, LoggedRecord>>();

  constructor(parts: readonly BatchPart[], good: readonly BatchPart[]) {
    for (const { batch } of parts) this.producers.set(producerKey(batch), new Map());
    for (const { batch, records } of good) {
      const bySeq = this.producers.get(producerKey(batch));
      if (bySeq) for (const logged of records) if (!logged.dropped) bySeq.set(logged.seq, logged);
    }
  }

  of(batch: LoggedBatch, seq: number): LoggedRecord | undefined {
    return this.producers.get(producerKey(batch))?.get(seq);
  }
}

function without(records: readonly LoggedRecord[], refused: readonly RefusedRecord[]): readonly LoggedRecord[] {
  if (refused.length === 0) return records;
  const out = new Set(refused.map(({ logged }) => logged));
  return records.filter((logged) => !out.has(logged));
}

function bySeq(a: LoggedRecord, b: LoggedRecord): number {
  return a.seq - b.seq;
}

function sum<T>(all: readonly T[], numberOf: (one: T) => number): number {
  return all.reduce((total, one) => total + numberOf(one), 0);
}
