import { type Identity, producerDay } from "../../../domain/identity.ts";
import type { EncodedRecord } from "./encoded-record.ts";
import { tenantNumber } from "./newest-rows.ts";
import type { StoreReader } from "./store-reader.ts";

/** The record of that identity, as `LogLookup.get` promises it. */
export function lookUp(reader: StoreReader, tenant: string, { producer, seq }: Identity): EncodedRecord | undefined {
  const tenantId = tenantNumber(reader, tenant);
  const day = producerDay(producer);
  const hasDay = reader.row("SELECT 1 FROM record_days WHERE day = ?", day) !== undefined;
  if (tenantId === undefined || !hasDay) return undefined;
  // The run that begins last before it or at it: its ids follow one another as its seqs do.
  const run = reader.row(
    `SELECT first_seq, count, first_id FROM runs_${day}
      WHERE tenant = ? AND producer = ? AND first_seq <= ? ORDER BY first_seq DESC LIMIT 1`,
    tenantId,
    Buffer.from(producer, "hex"),
    seq,
  ) as [bigint, bigint, bigint] | undefined;
  const place = run && BigInt(seq) - run[0];
  if (place === undefined || place >= run![1]) return undefined;
  const row = reader.row(`SELECT received_ns, record FROM records_${day} WHERE id = ?`, run![2] + place);
  return row && { producer, seq, receivedNanos: row[0] as bigint, record: row[1] as Uint8Array };
}
