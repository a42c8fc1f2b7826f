import type { DatabaseSync } from "node:sqlite";
import type { LogPositionStore } from "../log/log-position-store.ts";
import type { StoreTables } from "./store-tables.ts";

/**
 * The store's place in the log, beside the records. It is moved in a transaction of its own behind theirs: the same
 * file keeps the order of commits, so it is never ahead of them, whatever is lost.
 */
export class StorePositions implements LogPositionStore {
  private readonly tables: StoreTables;
  private logId: string | undefined;
  private committedNow: bigint[] = [];

  constructor(tables: StoreTables) {
    this.tables = tables;
  }

  /** Of each partition of the log that is read, the offset that was committed last; none before one is read. */
  get committed(): readonly bigint[] {
    return [...this.committedNow];
  }

  /** True where the store was filled from another log, at least in part. */
  isOfAnotherLog(logId: string): boolean {
    return this.tables.read((database) => {
      const { log_id: stored } = database.prepare("SELECT log_id FROM store_state").get()!;
      return stored !== null && Buffer.compare(stored as Uint8Array, Buffer.from(logId)) !== 0;
    });
  }

  positionsOf(logId: string, partitions: number): bigint[] {
    const positions = this.tables.transaction((database) => {
      this.belongTo(database, logId);
      const select = database.prepare("SELECT log_partition, next_offset FROM positions");
      select.setReadBigInts(true);
      const offsets = new Map(select.all().map((row) => [Number(row.log_partition), row.next_offset as bigint]));
      return Array.from({ length: partitions }, (_, partition) => offsets.get(partition) ?? 0n);
    });
    this.logId = logId;
    this.committedNow = positions;
    return [...positions];
  }

  commit(logId: string, partition: number, nextOffset: bigint): void {
    this.tables.transaction((database) => {
      if (logId !== this.logId) this.belongTo(database, logId);
      database.prepare("INSERT OR REPLACE INTO positions VALUES (?, ?)").run(partition, nextOffset);
    });
    if (logId !== this.logId) this.committedNow = [];
    this.logId = logId;
    while (this.committedNow.length < partition) this.committedNow.push(0n);
    this.committedNow[partition] = nextOffset;
  }

  /** Forgets the positions of any other log. */
  private belongTo(database: DatabaseSync, logId: string): void {
    const id = Buffer.from(logId);
    const { log_id: stored } = database.prepare("SELECT log_id FROM store_state").get()!;
    if (stored !== null && Buffer.compare(stored as Uint8Array, id) === 0) return;
    database.exec("DELETE FROM positions");
    database.prepare("UPDATE store_state SET log_id = ?").run(id);
  }
}
