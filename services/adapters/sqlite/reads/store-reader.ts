import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { KeptStatements } from "./kept-statements.ts";
import type { ReadBound } from "./read-bound.ts";

/** The columns of a row, in the order in which they were asked for; integers are bigints. */
export type Row = SQLOutputValue[];

/**
 * A condition of every statement that goes through many rows: it is true as long as somebody waits for the answer, and
 * ends the statement with an error when nobody does. SQLite calls it for each row.
 */
export const STILL_WANTED = "still_wanted()";

/** The store as one request sees it: one state of it, from the first statement to the last. */
export class StoreReader {
  private readonly statements: KeptStatements;
  private readonly bound: ReadBound;

  constructor(statements: KeptStatements, bound: ReadBound) {
    this.statements = statements;
    this.bound = bound;
  }

  /** All rows: for statements that have few. */
  rows(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.statements.of(sql).all(...values) as unknown as Row[];
  }

  /** The first row. */
  row(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.statements.of(sql).get(...values) as unknown as Row | undefined;
  }

  /** One row at a time, so that memory does not grow with their number. */
  forEachRow(sql: string, values: readonly SQLInputValue[], take: (row: Row) => void): void {
    // Leaving the loop early, by an error, ends the statement too.
    for (const row of this.statements.of(sql).iterate(...values)) take(row as unknown as Row);
  }

  /** For work that is not SQL: throws where nobody waits for it any more. */
  look(): void {
    this.bound.look();
  }
}
