import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { RECORD_BYTES_MAX, STORE_BYTES_MAX } from "../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { contentHash, sameContent } from "../../domain/record-content.ts";
import type { RefusedRecord } from "../../domain/refused-record.ts";
import { keyText, keyValues } from "./producer-key.ts";

const RUNS_MAX = 200; // Of one SELECT. Runs, not lists of seqs: those take the server five times as long (measured).
const WHOLE_RECORDS_MAX = Math.floor(STORE_BYTES_MAX / RECORD_BYTES_MAX); // Of one SELECT; in memory at a time.

/** Some of a batch's records. */
export interface BatchPart {
  batch: LoggedBatch;
  records: readonly LoggedRecord[];
}

/** What the row with a record's identity holds: the same content, or another. */
export type StoredContent = "same" | "other";

/** The refusal of a record whose identity another one has. */
export function conflict(batch: LoggedBatch, logged: LoggedRecord): RefusedRecord {
  const detail =
    "another record is stored under this identity: two senders have the same producer id, or one has used a seq twice";
  return { batch, logged, reason: "conflict", detail };
}

/**
 * Compares records with the rows that have their identities: by the hash that is kept with each row, and where that is
 * another one by the records themselves. Those without a row are left out.
 */
export async function compareWithStored(
  connection: PoolConnection,
  parts: readonly BatchPart[],
): Promise<Map<LoggedRecord, StoredContent>> {
  const found = new Map<LoggedRecord, StoredContent>();
  const hashes = await storedHashes(connection, parts);
  for (const { batch, records } of parts) {
    const bySeq = hashes.get(keyText(batch));
    if (!bySeq) continue;
    const unlike: LoggedRecord[] = [];
    for (const logged of records) {
      const hash = bySeq.get(logged.seq);
      if (hash?.equals(contentHash(logged.bytes))) found.set(logged, "same");
      else if (hash) unlike.push(logged);
    }
    for (let start = 0; start < unlike.length; start += WHOLE_RECORDS_MAX) {
      await compareWhole(connection, { batch, records: unlike.slice(start, start + WHOLE_RECORDS_MAX) }, found);
    }
  }
  return found;
}

async function compareWhole(
  connection: PoolConnection,
  { batch, records }: BatchPart,
  found: Map<LoggedRecord, StoredContent>,
): Promise<void> {
  const seqs = records.map(({ seq }) => seq);
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT seq, record FROM records WHERE producer_day = ? AND tenant = ? AND producer = ? AND seq IN (?)",
    [...keyValues(batch), seqs],
  );
  const bySeq = new Map(rows.map((row) => [Number(row.seq), row.record as Buffer]));
  for (const logged of records) {
    found.set(logged, sameContent(bySeq.get(logged.seq)!, logged.bytes) ? "same" : "other");
  }
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
