import type { LoggedBatch, LoggedRecord } from "../../../domain/logged-batch.ts";
import { contentHash } from "../../../domain/record-content.ts";
import type { StoredContent } from "../../../domain/refused-record.ts";
import type { ComparisonResults, UnlikeRecord } from "./content-comparison.ts";
import type { StoreTables } from "./store-tables.ts";

/** Some of a batch's records. */
export interface BatchPart {
  batch: LoggedBatch;
  records: readonly LoggedRecord[];
}

/** What is stored under the identities of some records. */
export interface FoundContent {
  /** Those without a row are left out. */
  content: Map<LoggedRecord, StoredContent>;
  /** Those whose bytes differ, to be compared before anything can be decided. */
  unlike: UnlikeRecord[];
}

/**
 * Looks for the rows that have the records' identities, and compares by the hash that is kept with each row.
 *
 * `results`: of those that were compared already. `kept`: records that were refused before, their letters kept; another
 * hash is then enough to refuse them again.
 */
export function findContent(
  tables: StoreTables,
  parts: readonly BatchPart[],
  results: ComparisonResults,
  kept: ReadonlySet<LoggedRecord> = new Set(),
): FoundContent {
  const found: FoundContent = { content: new Map(), unlike: [] };
  for (const { batch, records } of parts) {
    const day = tables.recordDay(batch.producerDay);
    const tenant = tables.tenant(batch.tenant);
    if (!day || tenant === undefined) continue;
    const producer = Buffer.from(batch.producer, "hex");
    for (const run of runsOf(records)) {
      const first = run[0]!.seq;
      for (const { seq, id, hash } of day.storedHashes(tenant, producer, first, run.at(-1)!.seq)) {
        const logged = run[seq - first]!;
        const same = Buffer.compare(hash, contentHash(logged.bytes)) === 0;
        if (same) found.content.set(logged, "same");
        else judgeUnlike({ logged, stored: { day: batch.producerDay, id } }, results, kept, found);
      }
    }
  }
  return found;
}

/** The same for a record whose identity another one of the same call has. */
export function judgeUnlike(
  unlike: UnlikeRecord,
  results: ComparisonResults,
  kept: ReadonlySet<LoggedRecord>,
  found: FoundContent,
): void {
  const content = kept.has(unlike.logged) ? "other" : results.of(unlike);
  if (content) found.content.set(unlike.logged, content);
  else found.unlike.push(unlike);
}

/** Records, ascending by seq, cut where a seq is missing: a list of seqs would be looked up one by one. */
function runsOf(records: readonly LoggedRecord[]): LoggedRecord[][] {
  const runs: LoggedRecord[][] = [];
  for (const logged of records) {
    const run = runs.at(-1);
    if (run?.at(-1)?.seq === logged.seq - 1) run?.push(logged);
    else runs.push([logged]);
  }
  return runs;
}
