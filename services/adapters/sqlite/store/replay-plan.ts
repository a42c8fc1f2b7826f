import { identityText } from "../../../domain/identity.ts";
import type { LoggedBatch, LoggedRecord } from "../../../domain/logged-batch.ts";
import { conflict, type RefusedRecord } from "../../../domain/refused-record.ts";
import type { ReplayOutcome } from "../../../ports/dead-letter-replay.ts";
import type { ComparisonResults, UnlikeRecord } from "./content-comparison.ts";
import { ProducerRanges } from "./producer-ranges.ts";
import { writeRecords } from "./record-writes.ts";
import { refusalOf } from "./settle-plan.ts";
import type { StoreTables } from "./store-tables.ts";
import { findContent } from "./stored-content.ts";

/** What is to become of a letter's records. It holds until something is awaited. */
export interface ReplayPlan {
  /** Records that have no row yet. */
  good: readonly LoggedRecord[];
  /** Of the batch's producer, as they are to be. */
  ranges: ProducerRanges;
  refused: RefusedRecord[];
  /** To be compared first: the plan may not be carried out before. */
  unlike: UnlikeRecord[];
}

/**
 * Whatever is settled: what has no row gets one, is counted and settled. Only what a rule drops stays as it is once its
 * seq is settled, since it was counted then. What is refused again stays unsettled if it was.
 */
export function planReplay(tables: StoreTables, batch: LoggedBatch, results: ComparisonResults): ReplayPlan {
  const ranges = new ProducerRanges(tables);
  const settled = ranges.of(batch);
  const { content, unlike } = findContent(tables, [{ batch, records: batch.records }], results);
  const conflicts = batch.records.filter((logged) => (content.get(logged) ?? "same") !== "same");
  const missing = batch.records.filter(
    (logged) => !content.has(logged) && !(logged.dropped && settled.contains(logged.seq)),
  );
  const refused = missing.flatMap((logged) => refusalOf(batch, logged) ?? []);
  const unsettled = new Set(refused.map(({ logged }) => logged.seq));
  for (let seq = batch.firstSeq; seq < batch.firstSeq + batch.recordCount; seq++) {
    if (!unsettled.has(seq)) settled.add(seq, seq);
  }
  return {
    good: missing.filter(({ seq }) => !unsettled.has(seq)),
    ranges,
    refused: [...conflicts.map((logged) => conflict(batch, logged, content.get(logged))), ...refused],
    unlike,
  };
}

/**
 * Stores what can be stored, also where others of the same message are refused. In a transaction only. `nowMs`: since
 * 1970.
 */
export function carryOutReplay(
  tables: StoreTables,
  batch: LoggedBatch,
  { good, ranges, refused }: ReplayPlan,
  nowMs: number,
): ReplayOutcome {
  ranges.save();
  writeRecords(tables, [{ batch, records: good }], nowMs);
  const [first, ...others] = refused;
  if (first) return refusedOutcome([first, ...others]);
  return { is: good.length > 0 ? "stored" : "already_stored" };
}

function refusedOutcome([first, ...others]: readonly [RefusedRecord, ...RefusedRecord[]]): ReplayOutcome {
  const { batch, logged, reason, detail } = first;
  if (batch.recordCount === 1) return { is: "refused", reason, detail };
  const id = identityText(batch.producer, logged.seq);
  const where = `${1 + others.length} of ${batch.recordCount} records of the message, the first of them ${id}`;
  return { is: "refused", reason, detail: `${where}: ${detail}` };
}
