import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { SETTLED_RANGES_PER_PRODUCER_MAX } from "../../domain/limits.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { SettledRanges } from "../../domain/settled-ranges.ts";
import { InsertStatement, replacing } from "./insert-rows.ts";
import { keyText, keyValues, type ProducerKey } from "./producer-key.ts";

const COLUMNS = ["producer_day", "tenant", "producer", "ranges"];
const LOCK = new InsertStatement("settled_seqs", COLUMNS, "ranges = settled_seqs.ranges");
const SAVE = new InsertStatement("settled_seqs", COLUMNS, replacing(["ranges"]));
const SELECTED_MAX = 1_000; // Producers of one SELECT.

/** The settled seqs of the producers of one transaction, locked until it ends. */
export class LockedRanges {
  private readonly ofProducer = new Map<string, { key: ProducerKey; ranges: SettledRanges }>();

  /**
   * Takes the locks of all producers of the batches, in the order of their keys, and only then reads their ranges. No
   * lock of a row may be taken before them, but for the first day's: two that took them in another order could wait for
   * each other.
   */
  static async lock(connection: PoolConnection, batches: readonly LoggedBatch[]): Promise<LockedRanges> {
    const locked = new LockedRanges();
    for (const { producerDay, tenant, producer } of batches) {
      const key = { producerDay, tenant, producer };
      locked.ofProducer.set(keyText(key), { key, ranges: new SettledRanges() });
    }
    const keys = locked.keys();
    await LOCK.run(
      connection,
      keys.map((key) => [...keyValues(key), Buffer.alloc(0)]),
    );
    await locked.read(connection, keys);
    return locked;
  }

  /** What is settled of the batch's producer: to be changed in place. */
  of(batch: LoggedBatch): SettledRanges {
    return this.ofProducer.get(keyText(batch))!.ranges;
  }

  /** Writes the ranges back, bounded to SETTLED_RANGES_PER_PRODUCER_MAX of each producer. */
  async save(connection: PoolConnection): Promise<void> {
    const rows = this.keys().map((key) => {
      const { ranges } = this.ofProducer.get(keyText(key))!;
      ranges.closeGaps(SETTLED_RANGES_PER_PRODUCER_MAX);
      return [...keyValues(key), Buffer.from(ranges.encode())];
    });
    await SAVE.run(connection, rows);
  }

  private keys(): ProducerKey[] {
    const texts = [...this.ofProducer.keys()].sort();
    return texts.map((text) => this.ofProducer.get(text)!.key);
  }

  private async read(connection: PoolConnection, keys: readonly ProducerKey[]): Promise<void> {
    const groups = Object.values(Object.groupBy(keys, ({ producerDay, tenant }) => `${producerDay} ${tenant}`));
    for (const group of groups) {
      const { producerDay, tenant } = group![0]!;
      for (let start = 0; start < group!.length; start += SELECTED_MAX) {
        const producers = group!.slice(start, start + SELECTED_MAX).map(({ producer }) => Buffer.from(producer, "hex"));
        const [rows] = await connection.query<RowDataPacket[]>(
          "SELECT producer, ranges FROM settled_seqs WHERE producer_day = ? AND tenant = ? AND producer IN (?)",
          [producerDay, Buffer.from(tenant), producers],
        );
        for (const row of rows) {
          const producer = (row.producer as Buffer).toString("hex");
          const entry = this.ofProducer.get(keyText({ producerDay, tenant, producer }))!;
          entry.ranges = SettledRanges.decode(row.ranges as Buffer);
        }
      }
    }
  }
}
