import type { DatabaseSync, StatementSync } from "node:sqlite";
import { READ_STATEMENTS_MAX } from "../../../domain/limits.ts";

/**
 * The prepared statements of a connection that reads, by their text. Every day has tables of its own, so there is no end
 * of texts: the one that was not used for the longest time is forgotten. Rows are arrays, and every integer a bigint.
 */
export class KeptStatements {
  private readonly database: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>(); // The one used last comes last.

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  of(sql: string): StatementSync {
    const statement = this.statements.get(sql) ?? this.prepare(sql);
    this.statements.delete(sql);
    this.statements.set(sql, statement);
    return statement;
  }

  /** It is prepared again when it is used next. */
  forget(sql: string): void {
    this.statements.delete(sql);
  }

  private prepare(sql: string): StatementSync {
    const statement = this.database.prepare(sql);
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    if (this.statements.size >= READ_STATEMENTS_MAX) {
      const [oldest] = this.statements.keys();
      this.statements.delete(oldest!);
    }
    return statement;
  }
}
