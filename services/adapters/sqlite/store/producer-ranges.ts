import { SETTLED_RANGES_PER_PRODUCER_MAX } from "../../../domain/limits.ts";
import type { LoggedBatch } from "../../../domain/logged-batch.ts";
import { SettledRanges } from "../../../domain/settled-ranges.ts";
import type { StoreTables } from "./store-tables.ts";

/** One producer's settled seqs: as they are stored, and as they are to be. */
interface OneProducer {
  batch: LoggedBatch;
  producer: Uint8Array;
  before: Uint8Array;
  ranges: SettledRanges;
}

/** The settled seqs of the producers of one transaction. */
export class ProducerRanges {
  private readonly tables: StoreTables;
  private readonly producers = new Map<string, OneProducer>();

  constructor(tables: StoreTables) {
    this.tables = tables;
  }

  /** What is settled of the batch's producer: to be changed in place. */
  of(batch: LoggedBatch): SettledRanges {
    const key = producerKey(batch);
    const known = this.producers.get(key) ?? this.read(batch);
    this.producers.set(key, known);
    return known.ranges;
  }

  /** Writes back what has changed, bounded to SETTLED_RANGES_PER_PRODUCER_MAX of each producer. In a transaction only. */
  save(): void {
    for (const { batch, producer, before, ranges } of this.producers.values()) {
      ranges.closeGaps(SETTLED_RANGES_PER_PRODUCER_MAX);
      const after = ranges.encode();
      if (ranges.count === 0 || Buffer.compare(before, after) === 0) continue;
      const tenant = this.tables.ensureTenant(batch.tenant);
      this.tables.ensureRecordDay(batch.producerDay).saveRanges(tenant, producer, after);
    }
  }

  private read(batch: LoggedBatch): OneProducer {
    const producer = Buffer.from(batch.producer, "hex");
    const tenant = this.tables.tenant(batch.tenant);
    const day = this.tables.recordDay(batch.producerDay);
    const before = (tenant !== undefined && day?.ranges(tenant, producer)) || new Uint8Array();
    return { batch, producer, before, ranges: SettledRanges.decode(before) };
  }
}

/** One text for each (tenant, producer): all producers have the same length. */
export function producerKey({ tenant, producer }: LoggedBatch): string {
  return producer + tenant;
}
