import type { DatabaseSync } from "node:sqlite";
import { SQLITE_WAL_BYTES_MAX } from "../../../domain/limits.ts";
import type { FirstDays } from "../../../ports/retention.ts";
import { transaction } from "../database.ts";
import { isDamage, toStoreError } from "../errors.ts";
import { RecordDay } from "./record-day.ts";
import { RollupDay } from "./rollup-day.ts";
import { createRecordDay, createRollupDay, createStore, dropRecordDay, dropRollupDay } from "./store-schema.ts";

/** Told of damage that was found in the file; see store-file.ts. */
export type DamageListener = (reason: unknown) => void;

/** What is known of the file's tables; read again after a transaction that was rolled back. */
interface Known {
  recordDays: Set<number>;
  rollupDays: Set<number>;
  records: Map<number, RecordDay>;
  rollups: Map<number, RollupDay>;
  tenants: Map<string, number>;
}

const TENANTS_REMEMBERED_MAX = 10_000;
const DAYS_REMEMBERED_MAX = 3; // Of either kind: usually there are one or two that are written.

/**
 * The tables of the store, as its one writer sees them: whatever changes them goes through one object of this kind, in
 * one thread. Between two awaits nobody else changes anything, so what was read is still so when it is written.
 */
export class StoreTables {
  private readonly database: DatabaseSync;
  private readonly onDamage: DamageListener;
  private known: Known | undefined;
  private onCommit: () => void = () => undefined;
  private commitCount = 0;

  /** `database`: of the store, open for writing; closed by whoever opened it. */
  constructor(database: DatabaseSync, onDamage: DamageListener = () => undefined) {
    this.database = database;
    this.onDamage = onDamage;
  }

  /**
   * Runs `work` as one transaction: all of it is kept when this returns, or nothing where it throws.
   *
   * @throws LogPulseError `store_unavailable` where the file cannot be written now; those of `work`; `bug` for any other.
   */
  transaction<Result>(work: (database: DatabaseSync) => Result): Result {
    this.forgetDays();
    let result: Result;
    try {
      result = this.run((database) => transaction(database, () => work(database)));
    } catch (reason) {
      this.known = undefined; // It may know of tables and ids that were rolled back.
      throw reason;
    }
    this.commitCount++;
    this.onCommit();
    return result;
  }

  /** Transactions that were committed by this object. */
  get commits(): number {
    return this.commitCount;
  }

  /** For checkpoints: SQLite makes none by itself any more. `onCommit`: called after every transaction, must not throw. */
  useOwnCheckpoints(onCommit: () => void): DatabaseSync {
    this.database.exec(`PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = ${SQLITE_WAL_BYTES_MAX}`);
    this.onCommit = onCommit;
    return this.database;
  }

  /** Runs `work`, which only reads. @throws LogPulseError as `transaction`. */
  read<Result>(work: (database: DatabaseSync) => Result): Result {
    return this.run(work);
  }

  /** Creates the tables where the file is empty. @throws LogPulseError as `createStore`, and `store_unavailable`. */
  create(): void {
    this.transaction(createStore);
  }

  /** The first producer day whose records are kept. */
  firstDay(): number {
    return Number(this.database.prepare("SELECT first_day FROM store_state").get()!.first_day);
  }

  /** Moves the first days forward, never back, and says what they are then. In a transaction only. */
  moveFirstDays({ records, rollups }: FirstDays): FirstDays {
    this.database.prepare("UPDATE store_state SET first_day = ? WHERE first_day < ?").run(records, records);
    const rollupDay = Math.min(rollups, this.firstDay()); // What is stored now must have rollups to be counted in.
    const update = "UPDATE store_state SET first_rollup_day = ? WHERE first_rollup_day < ?";
    this.database.prepare(update).run(rollupDay, rollupDay);
    const row = this.database.prepare("SELECT first_day, first_rollup_day FROM store_state").get()!;
    return { records: Number(row.first_day), rollups: Number(row.first_rollup_day) };
  }

  /** Days that have tables, ascending. */
  recordDays(): number[] {
    return [...this.tables().recordDays].sort((a, b) => a - b);
  }

  /** Days that have tables, ascending. */
  rollupDays(): number[] {
    return [...this.tables().rollupDays].sort((a, b) => a - b);
  }

  /** The tables of a day's records; undefined where it has none. */
  recordDay(day: number): RecordDay | undefined {
    const { recordDays, records } = this.tables();
    return recordDays.has(day) ? valueAt(records, day, () => new RecordDay(this.database, day)) : undefined;
  }

  /** The same, created where they are missing: in a transaction only. */
  ensureRecordDay(day: number): RecordDay {
    const { recordDays } = this.tables();
    if (!recordDays.has(day)) createRecordDay(this.database, day);
    recordDays.add(day);
    return this.recordDay(day)!;
  }

  /** The tables of a day's rollups, created where they are missing: in a transaction only. */
  ensureRollupDay(day: number): RollupDay {
    const { rollupDays, rollups } = this.tables();
    if (!rollupDays.has(day)) createRollupDay(this.database, day);
    rollupDays.add(day);
    return valueAt(rollups, day, () => new RollupDay(this.database, day));
  }

  /** In a transaction only. */
  dropRecordDay(day: number): void {
    const { recordDays, records } = this.tables();
    records.delete(day);
    dropRecordDay(this.database, day);
    recordDays.delete(day);
  }

  /** In a transaction only. */
  dropRollupDay(day: number): void {
    const { rollupDays, rollups } = this.tables();
    rollups.delete(day);
    dropRollupDay(this.database, day);
    rollupDays.delete(day);
  }

  /** The number of a tenant; undefined where nothing was ever stored for it. */
  tenant(name: string): number | undefined {
    const { tenants } = this.tables();
    const known = tenants.get(name);
    if (known !== undefined) return known;
    const row = this.database.prepare("SELECT id FROM tenants WHERE name = CAST(? AS BLOB)").get(name);
    if (!row) return undefined;
    if (tenants.size === TENANTS_REMEMBERED_MAX) tenants.clear();
    tenants.set(name, Number(row.id));
    return Number(row.id);
  }

  /** The number of a tenant, a new one where it has none: in a transaction only. */
  ensureTenant(name: string): number {
    const known = this.tenant(name);
    if (known !== undefined) return known;
    const insert = this.database.prepare("INSERT INTO tenants (name) VALUES (CAST(? AS BLOB))");
    return Number(insert.run(name).lastInsertRowid);
  }

  /** Between transactions only: a day may hold what its transaction has not written yet. */
  private forgetDays(): void {
    for (const days of [this.known?.records, this.known?.rollups]) {
      const [oldest] = days?.keys() ?? [];
      if (days && days.size > DAYS_REMEMBERED_MAX) days.delete(oldest!);
    }
  }

  private tables(): Known {
    this.known ??= {
      recordDays: this.daysOf("record_days"),
      rollupDays: this.daysOf("rollup_days"),
      records: new Map(),
      rollups: new Map(),
      tenants: new Map(),
    };
    return this.known;
  }

  private daysOf(table: "record_days" | "rollup_days"): Set<number> {
    const rows = this.database.prepare(`SELECT day FROM ${table}`).all();
    return new Set(rows.map(({ day }) => Number(day)));
  }

  private run<Result>(work: (database: DatabaseSync) => Result): Result {
    try {
      return work(this.database);
    } catch (reason) {
      if (isDamage(reason)) this.onDamage(reason);
      throw toStoreError(reason);
    }
  }
}

function valueAt<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
