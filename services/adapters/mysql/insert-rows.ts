import type { PoolConnection, ResultSetHeader } from "mysql2/promise";

/** A value of a row. Text goes as its bytes, 64-bit numbers as text: neither charset nor rounding can touch them. */
export type SqlValue = number | string | Buffer | null;

/** Rows of one statement: few sizes, since the server keeps each as a prepared statement of the connection. */
const ROW_COUNTS = [256, 32, 4, 1];

/** Bytes of one statement's values: a server may be set to packets of 1 MiB, the least that makes sense here. */
const STATEMENT_BYTES_MAX = 900_000;

/** `INSERT INTO table (columns) VALUES … ON DUPLICATE KEY UPDATE …`, for any number of rows. */
export class InsertStatement {
  private readonly head: string;
  private readonly row: string;
  private readonly tail: string;
  private readonly texts = new Map<number, string>();

  /** Names and `onDuplicate` are parts of the program, never of its input. */
  constructor(table: string, columns: readonly string[], onDuplicate: string) {
    this.head = `INSERT INTO ${table} (${columns.join(", ")}) VALUES `;
    this.row = `(${columns.map(() => "?").join(", ")})`;
    this.tail = ` ON DUPLICATE KEY UPDATE ${onDuplicate}`;
  }

  /**
   * Inserts the rows in their order, in as few statements as the bounds allow. Resolves with how many the server says
   * were affected: one for a row that is new, none for one that stays as it was.
   */
  async run(connection: PoolConnection, rows: readonly SqlValue[][]): Promise<number> {
    let affected = 0;
    for (let start = 0; start < rows.length; ) {
      const count = ROW_COUNTS.find((some) => fits(rows, start, some)) ?? 1;
      const values = rows.slice(start, start + count).flat();
      const [result] = await connection.execute<ResultSetHeader>(this.text(count), values);
      affected += result.affectedRows;
      start += count;
    }
    return affected;
  }

  private text(count: number): string {
    const text = this.texts.get(count) ?? this.head + new Array<string>(count).fill(this.row).join(", ") + this.tail;
    this.texts.set(count, text);
    return text;
  }
}

/** `c = VALUES(c)` for each column: what is inserted replaces what is there. */
export function replacing(columns: readonly string[]): string {
  return columns.map((column) => `${column} = VALUES(${column})`).join(", ");
}

function fits(rows: readonly SqlValue[][], start: number, count: number): boolean {
  if (start + count > rows.length) return false;
  let bytes = 0;
  for (let index = start; index < start + count; index++) {
    for (const value of rows[index]!) bytes += typeof value === "object" && value !== null ? value.length : 10;
  }
  return bytes <= STATEMENT_BYTES_MAX;
}
