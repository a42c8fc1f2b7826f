import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LoggedBatch, LoggedRecord } from "../../../domain/logged-batch.ts";
import { contentHash } from "../../../domain/record-content.ts";
import { LabelMaker } from "./record-labels.ts";
import { recordMarks } from "./record-mark-maker.ts";
import { WordRows } from "./word-rows.ts";

const INT64_MAX = 2n ** 63n - 1n;

/** A record that is stored: its row, and the hash of its bytes. */
export interface StoredHash {
  seq: number;
  id: number;
  hash: Uint8Array;
}

/** Seqs of one producer whose rows have ids that follow one another too. */
interface Run {
  tenant: number;
  producer: Uint8Array;
  firstSeq: number;
  count: number;
  firstId: number;
}

/**
 * The tables of one producer day's records, as their one writer uses them. What it adds is changed in a transaction of
 * the caller's; where that is rolled back, this object must not be used any more, since it counts ids itself.
 */
export class RecordDay {
  private readonly words: WordRows;
  private readonly labels = new LabelMaker();
  private readonly hasMarks: boolean;
  private readonly insertRow: StatementSync;
  private readonly insertRun: StatementSync;
  private readonly selectRanges: StatementSync;
  private readonly saveRangesRow: StatementSync;
  private readonly selectRuns: StatementSync;
  private readonly selectHashes: StatementSync;
  private readonly selectRecord: StatementSync;
  private nextId: number;
  /** The newest run: the next record may belong to it. */
  private newestRun: Run | undefined;
  /** Runs that are not written yet. */
  private changedRuns: Run[] = [];

  constructor(database: DatabaseSync, day: number) {
    this.words = new WordRows(database, day);
    const values = Array(17).fill("?").join(", ");
    this.insertRow = database.prepare(`INSERT INTO records_${day} VALUES (${values})`);
    this.insertRun = database.prepare(
      `INSERT INTO runs_${day} VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = excluded.count`,
    );
    this.selectRanges = database.prepare(`SELECT ranges FROM settled_${day} WHERE tenant = ? AND producer = ?`);
    this.saveRangesRow = database.prepare(`INSERT OR REPLACE INTO settled_${day} VALUES (?, ?, ?)`);
    const ofProducer = `FROM runs_${day} WHERE tenant = ?1 AND producer = ?2`;
    this.selectRuns = database.prepare(
      `SELECT first_seq, count, first_id ${ofProducer} AND first_seq <= ?4
        AND first_seq >= coalesce((SELECT max(first_seq) ${ofProducer} AND first_seq <= ?3), 0)`,
    );
    this.selectHashes = database.prepare(`SELECT id, content_hash FROM records_${day} WHERE id BETWEEN ? AND ?`);
    this.selectRecord = database.prepare(`SELECT record FROM records_${day} WHERE id = ?`);
    for (const statement of [this.selectRuns, this.selectHashes]) statement.setReturnArrays(true);
    const { next } = database.prepare(`SELECT coalesce(max(id), 0) + 1 AS next FROM records_${day}`).get()!;
    this.nextId = Number(next);
    const { marked } = database.prepare("SELECT has_marks AS marked FROM record_days WHERE day = ?").get(day)!;
    this.hasMarks = marked === 1;
  }

  /** Inserts records of a batch, in order; what is to be found of them is written by `finish`. */
  add(tenant: number, batch: LoggedBatch, records: readonly LoggedRecord[]): void {
    const producer = Buffer.from(batch.producer, "hex");
    for (const logged of records) {
      const id = this.nextId++;
      const labels = this.labels.of(logged.columns);
      this.insert(id, tenant, producer, batch.receivedNanos, logged, labels.severity);
      const marks = this.hasMarks ? recordMarks(logged.columns) : "";
      this.words.add(id, logged.columns.message, marks === "" ? labels.words : `${labels.words} ${marks}`);
      this.addToRun(id, tenant, producer, logged.seq);
    }
  }

  /** Writes the words and the runs of what was added: once in a transaction, after all rows of it. */
  finish(): void {
    for (const { tenant, producer, firstSeq, count, firstId } of this.changedRuns) {
      this.insertRun.run(tenant, producer, firstSeq, count, firstId);
    }
    this.changedRuns = [];
    this.words.finish();
  }

  /** Merges a little of the index of words, in a transaction; false where nothing is left that is worth it. */
  mergeWords(): boolean {
    return this.words.mergeStep();
  }

  /** The settled seqs of a producer, as they were saved; undefined where none are. */
  ranges(tenant: number, producer: Uint8Array): Uint8Array | undefined {
    return this.selectRanges.get(tenant, producer)?.ranges as Uint8Array | undefined;
  }

  saveRanges(tenant: number, producer: Uint8Array, ranges: Uint8Array): void {
    this.saveRangesRow.run(tenant, producer, ranges);
  }

  /** The rows of a producer with seqs from `first` to `last`, both included. */
  storedHashes(tenant: number, producer: Uint8Array, first: number, last: number): StoredHash[] {
    const runs = this.selectRuns.all(tenant, producer, first, last) as unknown as [number, number, number][];
    return runs.flatMap(([firstSeq, count, firstId]) => {
      const from = firstId + Math.max(0, first - firstSeq);
      const to = firstId + Math.min(count - 1, last - firstSeq);
      const rows = this.selectHashes.all(from, to) as unknown as [number, Uint8Array][];
      return rows.map(([id, hash]) => ({ seq: firstSeq + (id - firstId), id, hash }));
    });
  }

  /** The encoded record of a row. */
  record(id: number): Uint8Array | undefined {
    return this.selectRecord.get(id)?.record as Uint8Array | undefined;
  }

  private insert(
    id: number,
    tenant: number,
    producer: Uint8Array,
    receivedNanos: bigint,
    logged: LoggedRecord,
    severity: number,
  ): void {
    const { seq, bytes, columns } = logged;
    const { http } = columns;
    this.insertRow.run(
      id,
      tenant,
      producer,
      seq,
      logged.timeNanos,
      receivedNanos,
      severity,
      columns.severityText,
      columns.service,
      contentHash(bytes),
      http ? 1 : 0,
      http ? http.clientIp : null,
      http ? http.method : null,
      http ? http.path : null,
      http ? http.status : null,
      http?.latencyNanos === undefined ? null : int64OrText(http.latencyNanos),
      bytes,
    );
  }

  private addToRun(id: number, tenant: number, producer: Uint8Array, seq: number): void {
    const run = this.newestRun;
    const goesOn =
      run !== undefined &&
      run.firstId + run.count === id &&
      run.firstSeq + run.count === seq &&
      run.tenant === tenant &&
      Buffer.compare(run.producer, producer) === 0;
    if (goesOn) run.count++;
    else this.newestRun = { tenant, producer, firstSeq: seq, count: 1, firstId: id };
    if (this.changedRuns.at(-1) !== this.newestRun) this.changedRuns.push(this.newestRun!);
  }
}

/** Ingest lets no latency through that needs more than 64 bits; somebody else may write to the log. */
function int64OrText(value: bigint): bigint | string {
  return value <= INT64_MAX && value >= -INT64_MAX ? value : value.toString();
}
