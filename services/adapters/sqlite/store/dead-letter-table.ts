import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DeadLetter } from "../../../../gen/logpulse/v1/dead_letter_pb.ts";
import { LogPulseError } from "../../../domain/errors.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { DeadLetterTable, LetterQuery, ListedLetter } from "../../../ports/dead-letter-table.ts";
import { KeptStatements } from "../reads/kept-statements.ts";
import { ReadBound } from "../reads/read-bound.ts";
import { StoreReader } from "../reads/store-reader.ts";
import { countLetters, decodeListedLetter, type LetterPage, listLetters } from "./dead-letter-reads.ts";
import { deleteLetters, insertLetters, moveLetter } from "./dead-letter-rows.ts";
import type { StoreTables } from "./store-tables.ts";

const DELETED_MAX = 500; // Of one transaction: others of this thread get their turn between two of them.

/**
 * The dead letters in a table beside the records, as the store's one writer has it. Lists and counts are answered here
 * too, but hold up storing: whoever can asks them of a read thread.
 */
export class SqliteDeadLetterTable implements DeadLetterTable {
  private readonly tables: StoreTables;
  private readonly clock: Clock;

  constructor(tables: StoreTables, clock: Clock) {
    this.tables = tables;
    this.clock = clock;
  }

  /** @throws LogPulseError `store_unavailable`; `bug` where the file is another program's, or of another version. */
  async prepare(): Promise<void> {
    this.tables.create();
  }

  async fill(letters: readonly DeadLetter[]): Promise<number> {
    return this.tables.transaction((database) => insertLetters(database, letters, this.clock.nowMs()));
  }

  async list(query: LetterQuery, page: LetterPage): Promise<ListedLetter[]> {
    return this.read((reader) => listLetters(reader, query, page)).map(decodeListedLetter);
  }

  async count(query: LetterQuery): Promise<number> {
    return this.read((reader) => countLetters(reader, query));
  }

  async settle(key: string, to: "stored" | "expired"): Promise<boolean> {
    return this.tables.transaction((database) => moveLetter(database, key, to, this.clock.nowMs()));
  }

  async forgetBefore(listedMs: number, signal: AbortSignal): Promise<number> {
    for (let forgotten = 0; ; ) {
      if (signal.aborted) throw new LogPulseError("cancelled", "told to stop", { cause: signal.reason });
      const deleted = this.tables.transaction((database) => deleteLetters(database, listedMs, DELETED_MAX));
      forgotten += deleted;
      if (deleted < DELETED_MAX) return forgotten;
      await nextTurn();
    }
  }

  private read<Result>(work: (reader: StoreReader) => Result): Result {
    return this.tables.read((database) => work(readerOf(database)));
  }
}

/** A reader on the writer's connection, which nobody ends. */
function readerOf(database: DatabaseSync): StoreReader {
  const never = Number.POSITIVE_INFINITY;
  database.function("still_wanted", () => 1);
  const time = { msMax: never, endMs: never, isCostly: false };
  return new StoreReader(new KeptStatements(database), new ReadBound(time, () => false));
}
