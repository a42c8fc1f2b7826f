import type { StoreReader } from "./store-reader.ts";
import type { TimeRange } from "./time-range.ts";

/** A producer day that has tables of records. */
export interface StoredDay {
  day: number;
  /** The labels of its words hold the marks of trace ids and attributes. */
  hasMarks: boolean;
}

/** The number of a tenant; undefined where nothing was ever stored for it. */
export function tenantNumber(reader: StoreReader, name: string): bigint | undefined {
  return reader.row("SELECT id FROM tenants WHERE name = ?", Buffer.from(name))?.[0] as bigint | undefined;
}

/** All days that have tables of records. */
export function storedDays(reader: StoreReader): StoredDay[] {
  return reader
    .rows("SELECT day, has_marks FROM record_days")
    .map(([day, hasMarks]) => ({ day: Number(day), hasMarks: hasMarks === 1n }));
}

/** The first or the last time of a tenant's records in a range: one step into the index. */
export function edgeTime(
  reader: StoreReader,
  edge: "max" | "min",
  day: number,
  tenant: bigint,
  { from, to }: TimeRange,
): bigint | undefined {
  const sql = `SELECT ${edge}(time_ns) FROM records_${day} WHERE tenant = ? AND time_ns BETWEEN ? AND ?`;
  return (reader.row(sql, tenant, from, to)![0] as bigint | null) ?? undefined;
}

/** The id of a record of that day, where it has it: by the run that begins last before its seq or at it. */
export function recordId(
  reader: StoreReader,
  day: number,
  tenant: bigint,
  producer: string,
  seq: number,
): bigint | undefined {
  const run = reader.row(
    `SELECT first_seq, count, first_id FROM runs_${day}
      WHERE tenant = ? AND producer = ? AND first_seq <= ? ORDER BY first_seq DESC LIMIT 1`,
    tenant,
    Buffer.from(producer, "hex"),
    seq,
  ) as [bigint, bigint, bigint] | undefined;
  if (!run) return undefined;
  const [firstSeq, count, firstId] = run;
  const place = BigInt(seq) - firstSeq;
  return place < count ? firstId + place : undefined; // Ids of a run follow one another as its seqs do.
}
