import { DatabaseSync } from "node:sqlite";

const BUSY_MS_MAX = 20_000;
const FLAWS_MAX = 5; // Of those that SQLite tells of a file.

/** A row; integers are bigints, BLOBs are bytes. */
export type SqliteRow = Record<string, null | bigint | number | string | Uint8Array>;

/** Reads a SQLite file through a connection of its own that cannot write; its process may run or not. */
export class SqliteReader {
  private readonly database: DatabaseSync;

  /** @throws node:sqlite's error where there is no such file or it is none of SQLite's. */
  constructor(file: string) {
    this.database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS_MAX });
  }

  /** What the statement gives, row by row, whatever its size. */
  *rows(sql: string, ...values: (string | bigint)[]): Generator<SqliteRow> {
    const statement = this.database.prepare(sql);
    statement.setReadBigInts(true);
    yield* statement.iterate(...values) as Iterable<SqliteRow>;
  }

  /** The first row; undefined where there is none. */
  row(sql: string, ...values: (string | bigint)[]): SqliteRow | undefined {
    const statement = this.database.prepare(sql);
    statement.setReadBigInts(true);
    return statement.get(...values) as SqliteRow | undefined;
  }

  /** Makes temporary tables of this connection. */
  execute(sql: string): void {
    this.database.exec(sql);
  }

  /** What SQLite finds wrong with the pages, the indices and the full-text indices of the file. */
  flaws(): string[] {
    try {
      const found = [...this.rows(`PRAGMA integrity_check(${FLAWS_MAX})`)];
      return found.map((row) => String(row.integrity_check)).filter((sentence) => sentence !== "ok");
    } catch (reason) {
      return [String(reason)]; // Of some flaws it says no more.
    }
  }

  close(): void {
    this.database.close();
  }
}

/** A column of bytes. @throws Error where it is something else. */
export function bytesOf(value: SqliteRow[string] | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error(`a column of bytes is ${value}`);
}

/** Bytes of UTF-8, as text. */
export function textOf(value: SqliteRow[string] | undefined): string {
  return Buffer.from(bytesOf(value)).toString();
}

/** Bytes as hexadecimal digits. */
export function hexOf(value: SqliteRow[string] | undefined): string {
  return Buffer.from(bytesOf(value)).toString("hex");
}
