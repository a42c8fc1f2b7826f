import { type Identity, producerDay } from "../../../domain/identity.ts";
import { READ_LOOK_BYTES_MAX } from "../../../domain/limits.ts";
import type { EncodedRecord } from "./encoded-record.ts";
import type { StoreReader } from "./store-reader.ts";
import { recordId, storedDays, tenantNumber } from "./stored-days.ts";

/** Where the records of a producer stand. */
interface ProducerPlace {
  day: number;
  tenant: bigint;
  producer: string;
}

/** On which side of a seq. */
export type Side = "before" | "after";

/** What one look found. */
export interface NeighbourAnswer {
  /** The nearest first. */
  records: EncodedRecord[];
  /** These are as many as one answer may hold. The next look begins behind the last. */
  isCut: boolean;
}

/** The record of that identity, as `LogLookup.get` promises it. */
export function lookUp(reader: StoreReader, tenant: string, { producer, seq }: Identity): EncodedRecord | undefined {
  const place = producerPlace(reader, tenant, producer);
  const id = place && recordId(reader, place.day, place.tenant, producer, seq);
  const row =
    id === undefined ? undefined : reader.row(`SELECT received_ns, record FROM records_${place!.day} WHERE id = ?`, id);
  return row && { producer, seq, receivedNanos: row[0] as bigint, record: row[1] as Uint8Array };
}

/** The records of a producer on one side of a seq, as `LogLookup.around` promises them, but for their bound in bytes. */
export function lookBeside(
  reader: StoreReader,
  tenant: string,
  { producer, seq }: Identity,
  side: Side,
  count: number,
  bytesMax = READ_LOOK_BYTES_MAX,
): NeighbourAnswer {
  const place = producerPlace(reader, tenant, producer);
  const records: EncodedRecord[] = [];
  let bytes = 0;
  for (const { firstId, lastId } of place ? runsBeside(reader, place, seq, side, count) : []) {
    const sql =
      `SELECT seq, received_ns, record FROM records_${place!.day} WHERE id BETWEEN ? AND ? ` +
      `ORDER BY id ${side === "before" ? "DESC" : "ASC"} LIMIT ?`;
    for (const [found, received, record] of reader.eachRow(sql, firstId, lastId, count - records.length)) {
      if (bytes >= bytesMax) return { records, isCut: true };
      reader.look();
      bytes += (record as Uint8Array).length;
      records.push({
        producer,
        seq: Number(found),
        receivedNanos: received as bigint,
        record: record as Uint8Array,
      });
    }
  }
  return { records, isCut: false };
}

function producerPlace(reader: StoreReader, tenantName: string, producer: string): ProducerPlace | undefined {
  const tenant = tenantNumber(reader, tenantName);
  const day = producerDay(producer);
  return tenant !== undefined && storedDays(reader).some((stored) => stored.day === day)
    ? { day, tenant, producer }
    : undefined;
}

/**
 * The ids of stored records beside a seq, run by run, the nearest first: seqs that no run has were never stored. At most
 * `count` runs, each of which has one record at least.
 */
function runsBeside(
  reader: StoreReader,
  { day, tenant, producer }: ProducerPlace,
  seq: number,
  side: Side,
  count: number,
): { firstId: bigint; lastId: bigint }[] {
  const ofProducer = `FROM runs_${day} WHERE tenant = ?1 AND producer = ?2`;
  const which = {
    before: "first_seq < ?3 ORDER BY first_seq DESC",
    // The run in which the seq stands, or the last one before it, may have later seqs.
    after:
      `first_seq >= coalesce((SELECT max(first_seq) ${ofProducer} AND first_seq <= ?3), 0) ` +
      "AND first_seq + count - 1 > ?3 ORDER BY first_seq",
  }[side];
  const sql = `SELECT first_seq, count, first_id ${ofProducer} AND ${which} LIMIT ?4`;
  const runs = reader.rows(sql, tenant, Buffer.from(producer, "hex"), seq, count) as [bigint, bigint, bigint][];
  return runs.map(([firstSeq, length, firstId]) => {
    const first = side === "after" ? larger(firstSeq, BigInt(seq) + 1n) : firstSeq;
    const last = side === "before" ? smaller(firstSeq + length - 1n, BigInt(seq) - 1n) : firstSeq + length - 1n;
    return { firstId: firstId + (first - firstSeq), lastId: firstId + (last - firstSeq) };
  });
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
