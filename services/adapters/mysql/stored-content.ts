import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { contentHash } from "../../domain/record-content.ts";
import type { StoredContent } from "../../domain/refused-record.ts";
import type { ContentComparison, UnlikeRecord } from "./content-comparison.ts";
import { keyText } from "./producer-key.ts";

const RUNS_MAX = 200; // Of one SELECT. Runs, not lists of seqs: those take the server five times as long (measured).

/** Some of a batch's records. */
export interface BatchPart {
  batch: LoggedBatch;
  records: readonly LoggedRecord[];
}

/**
 * Compares records with the rows that have their identities: by the hash that is kept with each row, and where that is
 * another one by `comparison`. Those without a row are left out.
 *
 * `kept`: records that were refused before, their letters kept. Another hash is then enough to refuse them again.
 */
export async function compareWithStored(
  connection: PoolConnection,
  parts: readonly BatchPart[],
  comparison: ContentComparison,
  kept: ReadonlySet<LoggedRecord> = new Set(),
): Promise<Map<LoggedRecord, StoredContent>> {
  const found = new Map<LoggedRecord, StoredContent>();
  const hashes = await storedHashes(connection, parts);
  for (const { batch, records } of parts) {
    const bySeq = hashes.get(keyText(batch));
    if (!bySeq) continue;
    const unlike: UnlikeRecord[] = [];
    for (const logged of records) {
      const storedHash = bySeq.get(logged.seq);
      if (!storedHash) continue;
      if (storedHash.equals(contentHash(logged.bytes))) found.set(logged, "same");
      else if (kept.has(logged)) found.set(logged, "other");
      else unlike.push({ logged, storedHash });
    }
    for (const [logged, content] of await comparison.compare(connection, batch, unlike)) found.set(logged, content);
  }
  return found;
}

/** Seqs of one producer without a gap, both ends included. */
interface Run {
  batch: LoggedBatch;
  first: number;
  last: number;
}

/** By `keyText` of the producer, then by seq. */
async function storedHashes(
  connection: PoolConnection,
  parts: readonly BatchPart[],
): Promise<Map<string, Map<number, Buffer>>> {
  const hashes = new Map<string, Map<number, Buffer>>();
  const groups = Map.groupBy(runsOf(parts), ({ batch }) => `${batch.producerDay} ${batch.tenant}`);
  for (const runs of groups.values()) {
    for (let start = 0; start < runs.length; start += RUNS_MAX) {
      await readHashes(connection, runs.slice(start, start + RUNS_MAX), hashes);
    }
  }
  return hashes;
}

/** Rows of one day and tenant. They are no more than the records that are asked for: runs have no gaps. */
async function readHashes(
  connection: PoolConnection,
  runs: readonly Run[],
  hashes: Map<string, Map<number, Buffer>>,
): Promise<void> {
  const { producerDay, tenant } = runs[0]!.batch;
  const conditions = runs.map(() => "producer = ? AND seq BETWEEN ? AND ?").join(" OR ");
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT producer, seq, content_hash FROM records WHERE producer_day = ? AND tenant = ? AND (${conditions})`,
    [
      producerDay,
      Buffer.from(tenant),
      ...runs.flatMap(({ batch, first, last }) => [Buffer.from(batch.producer, "hex"), first, last]),
    ],
  );
  for (const row of rows) {
    const key = keyText({ producerDay, tenant, producer: (row.producer as Buffer).toString("hex") });
    const bySeq = hashes.get(key) ?? new Map<number, Buffer>();
    hashes.set(key, bySeq.set(Number(row.seq), row.content_hash as Buffer));
  }
}

/** Batches of one producer usually follow each other: what follows the run before is joined to it. */
function runsOf(parts: readonly BatchPart[]): Run[] {
  const runs: Run[] = [];
  const newest = new Map<string, Run>();
  for (const { batch, records } of parts) {
    const key = keyText(batch);
    for (const { seq } of records) {
      const run = newest.get(key);
      if (run?.last === seq - 1) {
        run.last = seq;
      } else {
        const next = { batch, first: seq, last: seq };
        newest.set(key, next);
        runs.push(next);
      }
    }
  }
  return runs;
}
