import { RECORD_BYTES_MAX } from "../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import type { RefusedRecord } from "../../domain/refused-record.ts";
import { SettledRanges } from "../../domain/settled-ranges.ts";
import type { StoredRecord } from "../../domain/stored-record.ts";
import type { FirstDays, KeptDays } from "../../ports/retention.ts";
import { MinuteTallies } from "./minute-tallies.ts";

/** A record that is stored, with the bytes it was sent as. */
export interface MemoryRow extends StoredRecord {
  bytes: Uint8Array;
}

/** What is known of one producer of one tenant. */
export interface MemoryProducer {
  day: number;
  ranges: SettledRanges;
  /** By seq. */
  rows: Map<number, MemoryRow>;
}

/** All that the memory store holds: producers with their settled seqs and records, the statistics, the first day. */
export class MemoryRecords {
  readonly tallies = new MinuteTallies();
  /** By tenant, then by producer. */
  private readonly tenants = new Map<string, Map<string, MemoryProducer>>();
  private firstDay = Number.NEGATIVE_INFINITY;

  /** Everything stored for a tenant now, in any order. */
  *rowsOf(tenant: string): Generator<MemoryRow> {
    for (const { rows } of this.tenants.get(tenant)?.values() ?? []) yield* rows.values();
  }

  rowAt(tenant: string, producer: string, seq: number): MemoryRow | undefined {
    return this.tenants.get(tenant)?.get(producer)?.rows.get(seq);
  }

  /** The rows of one producer, in any order. */
  rowsOfProducer(tenant: string, producer: string): Iterable<MemoryRow> {
    return this.tenants.get(tenant)?.get(producer)?.rows.values() ?? [];
  }

  isExpired({ producerDay }: LoggedBatch): boolean {
    return producerDay < this.firstDay;
  }

  /** What is known of the batch's producer; nothing yet where it is new. */
  producerOf({ tenant, producer, producerDay }: LoggedBatch): MemoryProducer {
    const ofTenant = this.tenants.get(tenant) ?? new Map<string, MemoryProducer>();
    this.tenants.set(tenant, ofTenant);
    const known = ofTenant.get(producer) ?? { day: producerDay, ranges: new SettledRanges(), rows: new Map() };
    ofTenant.set(producer, known);
    return known;
  }

  /** Stores records under their seqs, and counts them and those that a rule drops in the statistics. */
  add(batch: LoggedBatch, records: readonly LoggedRecord[]): void {
    const { rows } = this.producerOf(batch);
    const { producer, receivedNanos } = batch;
    for (const { seq, record, bytes, dropped } of records) {
      if (!dropped) rows.set(seq, { producer, seq, record, receivedNanos, bytes });
    }
    this.tallies.add(batch.tenant, batch.producerDay, records);
  }

  keepFrom(first: FirstDays): KeptDays {
    this.firstDay = Math.max(this.firstDay, first.records);
    const dropped = this.tallies.dropBefore(first.rollups);
    for (const producers of this.tenants.values()) {
      for (const [name, { day }] of producers) {
        if (day >= this.firstDay) continue;
        producers.delete(name);
        dropped.add(day);
      }
    }
    return { firstDay: this.firstDay, dropped: [...dropped].sort((a, b) => a - b) };
  }
}

/** Why no store takes the record: ingest would have refused it. */
export function refusalOf(batch: LoggedBatch, logged: LoggedRecord): RefusedRecord | undefined {
  const { length } = logged.bytes;
  if (length <= RECORD_BYTES_MAX) return undefined;
  return { batch, logged, reason: "record_too_long", detail: `${length} bytes; at most ${RECORD_BYTES_MAX}` };
}
