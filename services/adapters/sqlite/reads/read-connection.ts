import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { LogPulseError } from "../../../domain/errors.ts";
import { SQLITE_READER_CACHE_KIB } from "../../../domain/limits.ts";
import { openDatabase } from "../database.ts";
import { isDamage, toStoreError } from "../errors.ts";
import { markDamaged } from "../store/store-damage.ts";
import { lookForStore } from "../store/store-schema.ts";
import { KeptStatements } from "./kept-statements.ts";
import { registerMethodFunction } from "./method-condition.ts";
import type { ReadBound } from "./read-bound.ts";
import { StoreReader } from "./store-reader.ts";

/**
 * A connection to the store's file that can change nothing.
 *
 * It is opened by the first read, and again after an error of SQLite. A read-only connection cannot create the file:
 * until the store's writer has done that, and made its tables, reads are refused as `store_unavailable`.
 */
export class ReadConnection {
  private readonly path: string;
  private opened: { database: DatabaseSync; statements: KeptStatements } | undefined;
  private reader: StoreReader | undefined;
  /** Of the aggregate `tell`: no function around it, since it is called for every row. */
  private readonly tellStep = (state: number, ...row: SQLOutputValue[]): number => {
    try {
      this.reader!.tell(row);
      return state;
    } catch (reason) {
      throw this.reader!.failed(reason);
    }
  };

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Runs `work` in one read transaction: it sees one state of the store, in which no day goes away. The transaction is
   * ended whatever happens, since no checkpoint gets beyond what somebody still reads.
   *
   * @throws LogPulseError `store_unavailable`: the file cannot be read, or `bound` has ended the read; `cancelled`.
   */
  read<Result>(bound: ReadBound, work: (reader: StoreReader) => Result): Result {
    try {
      bound.look(); // It may have waited long enough for nothing.
      const { database, statements } = this.open();
      const reader = new StoreReader(statements, bound);
      this.reader = reader;
      database.exec("BEGIN");
      try {
        return work(reader);
      } finally {
        if (database.isTransaction) database.exec("ROLLBACK");
      }
    } catch (reason) {
      if (isDamage(reason)) markDamaged(this.path, reason);
      if (!(reason instanceof LogPulseError)) this.close(); // The next read begins with a new connection.
      throw toStoreError(reason);
    } finally {
      this.reader = undefined;
    }
  }

  close(): void {
    this.opened?.database.close();
    this.opened = undefined;
  }

  private open(): { database: DatabaseSync; statements: KeptStatements } {
    if (this.opened) return this.opened;
    const settings = { readOnly: true, synchronous: "NORMAL", cacheKiB: SQLITE_READER_CACHE_KIB } as const;
    const database = openDatabase(this.path, settings);
    try {
      requireTables(database);
      this.registerFunctions(database);
      this.opened = { database, statements: new KeptStatements(database) };
      return this.opened;
    } catch (reason) {
      database.close();
      throw reason;
    }
  }

  /** Those that statements call for rows: they belong to the read that is under way. */
  private registerFunctions(database: DatabaseSync): void {
    database.function("still_wanted", { deterministic: false }, () => {
      try {
        this.reader!.look();
        return 1;
      } catch (reason) {
        throw this.reader!.failed(reason);
      }
    });
    database.function("if_wanted", { deterministic: false }, (words) => {
      try {
        this.reader!.lookNow();
        return words;
      } catch (reason) {
        throw this.reader!.failed(reason);
      }
    });
    database.function("meets_test", { deterministic: false }, (test, record, producer, seq) => {
      try {
        const meets = this.reader!.meetsTest(Number(test), record as Uint8Array, producer as Uint8Array, Number(seq));
        return meets ? 1 : 0;
      } catch (reason) {
        throw this.reader!.failed(reason);
      }
    });
    database.aggregate("tell", { start: 0, step: this.tellStep, result: () => null, varargs: true });
    registerMethodFunction(database);
  }
}

/** In a transaction, since the writer may be about to make them, or to bring them up to date. */
function requireTables(database: DatabaseSync): void {
  database.exec("BEGIN");
  if (!lookForStore(database).isUpToDate)
    throw new LogPulseError("store_unavailable", "the store's file has no tables yet");
  database.exec("ROLLBACK");
}
