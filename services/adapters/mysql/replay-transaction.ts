import type { PoolConnection } from "mysql2/promise";
import { identityText } from "../../domain/identity.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { conflict, type RefusedRecord } from "../../domain/refused-record.ts";
import type { ReplayOutcome } from "../../ports/dead-letter-replay.ts";
import type { ContentComparison } from "./content-comparison.ts";
import { lockLetterState, moveLetter } from "./dead-letter-rows.ts";
import { lockFirstDay } from "./first-day.ts";
import { insertGood } from "./record-rows.ts";
import { addToRollups } from "./rollup-rows.ts";
import { LockedRanges } from "./settled-rows.ts";
import { compareWithStored } from "./stored-content.ts";

/**
 * Stores what the letter carries, under the same locks as the workers, and moves the letter's state. A letter that is no
 * longer open changes nothing. What is refused again stays unsettled if it was, and its letter open; its neighbours in
 * the same message are stored.
 */
export async function replayBatch(
  connection: PoolConnection,
  key: string,
  batch: LoggedBatch,
  nowMs: number,
  comparison: ContentComparison,
): Promise<ReplayOutcome> {
  const expired = batch.producerDay < (await lockFirstDay(connection));
  const ranges = await LockedRanges.lock(connection, expired ? [] : [batch]);
  const state = await lockLetterState(connection, key);
  if (state === "stored") return { is: "already_stored" };
  if (state === "expired" || expired) {
    await moveLetter(connection, key, "expired", nowMs);
    return { is: "expired" };
  }
  const { stored, refused } = await storeAgain(connection, batch, ranges, comparison, nowMs);
  const [first, ...others] = refused;
  if (first) return refusedOutcome([first, ...others]);
  await moveLetter(connection, key, "stored", nowMs);
  return { is: stored > 0 ? "stored" : "already_stored" };
}

/**
 * Whatever is settled: what has no row gets one, is counted and settled. Only what a rule drops stays as it is once its
 * seq is settled, since it was counted then.
 */
async function storeAgain(
  connection: PoolConnection,
  batch: LoggedBatch,
  ranges: LockedRanges,
  comparison: ContentComparison,
  nowMs: number,
): Promise<{ stored: number; refused: RefusedRecord[] }> {
  const settled = ranges.of(batch);
  const found = await compareWithStored(connection, [{ batch, records: batch.records }], comparison);
  const conflicts = batch.records.filter((logged) => (found.get(logged) ?? "same") !== "same");
  const missing = batch.records
    .filter((logged) => !found.has(logged) && !(logged.dropped && settled.contains(logged.seq)))
    .map((logged) => ({ batch, logged }));
  const { good, refused } = await insertGood(connection, missing);
  await addToRollups(connection, good, nowMs);
  const unsettled = new Set(refused.map(({ logged }) => logged.seq));
  for (let seq = batch.firstSeq; seq < batch.firstSeq + batch.recordCount; seq++) {
    if (!unsettled.has(seq)) settled.add(seq, seq);
  }
  await ranges.save(connection);
  return {
    stored: good.length,
    refused: [...conflicts.map((logged) => conflict(batch, logged, found.get(logged))), ...refused],
  };
}

function refusedOutcome([first, ...others]: readonly [RefusedRecord, ...RefusedRecord[]]): ReplayOutcome {
  const { batch, logged, reason, detail } = first;
  if (batch.recordCount === 1) return { is: "refused", reason, detail };
  const id = identityText(batch.producer, logged.seq);
  const where = `${1 + others.length} of ${batch.recordCount} records of the message, the first of them ${id}`;
  return { is: "refused", reason, detail: `${where}: ${detail}` };
}
