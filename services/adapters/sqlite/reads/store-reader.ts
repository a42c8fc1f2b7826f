import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Condition } from "../../../domain/condition.ts";
import { LogPulseError } from "../../../domain/errors.ts";
import type { KeptStatements } from "./kept-statements.ts";
import type { ReadBound } from "./read-bound.ts";
import { RecordTests } from "./record-tests.ts";
import type { SqlCondition } from "./sql-condition.ts";

/** The columns of a row, in the order in which they were asked for; integers are bigints. */
export type Row = SQLOutputValue[];

/** A column of a row as `tellAll` tells it: integers are numbers, and must be exact as such. */
export type Told = SQLOutputValue | undefined;

/**
 * A condition of every statement that goes through many rows: it is true as long as somebody waits for the answer, and
 * ends the statement with an error when nobody does. SQLite calls it for each row.
 */
export const STILL_WANTED = "still_wanted()";

/**
 * The question mark of every expression that the index of words is asked: the text itself, as long as somebody waits for
 * the answer. SQLite calls it once before it asks, and then nothing until the index tells a record, which may be never.
 */
export const ASKED_WORDS = "if_wanted(?)";

/** The store as one request sees it: one state of it, from the first statement to the last. */
export class StoreReader {
  private readonly statements: KeptStatements;
  private readonly bound: ReadBound;
  private readonly tests: RecordTests;
  private take: (row: readonly Told[]) => void = () => undefined;
  /** The first error in a function that the statement of `tellAll` has called. */
  private failure: { reason: unknown } | undefined;

  constructor(statements: KeptStatements, bound: ReadBound) {
    this.statements = statements;
    this.bound = bound;
    this.tests = new RecordTests(bound);
  }

  /** All rows: for statements that have few. */
  rows(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.statements.of(sql).all(...values) as unknown as Row[];
  }

  /** The first row. */
  row(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.statements.of(sql).get(...values) as unknown as Row | undefined;
  }

  /** One row at a time, so that memory does not grow with their number. Leaving the loop early ends the statement. */
  *eachRow(sql: string, ...values: SQLInputValue[]): Iterable<Row> {
    try {
      yield* this.statements.of(sql).iterate(...values) as unknown as Iterable<Row>;
    } catch (reason) {
      this.statements.forget(sql); // It would say the same error once more when it is used again.
      throw reason;
    }
  }

  /** The same with a function for each row. */
  forEachRow(sql: string, values: readonly SQLInputValue[], take: (row: Row) => void): void {
    for (const row of this.eachRow(sql, ...values)) take(row);
  }

  /**
   * Tells some columns of every row of a statement: in half the time of `eachRow`, which makes an array of objects of
   * each row.
   *
   * `values`: of the question marks in `columns`. `rows`: the clauses from FROM on, with theirs.
   *
   * @throws what a function that the statement calls has thrown. After the first row Node would lose it: SQLite asks an
   *   aggregate for its result even where the statement has failed.
   */
  tellAll(
    columns: readonly string[],
    values: readonly SQLInputValue[],
    rows: { text: string; values: readonly SQLInputValue[] },
    take: (row: readonly Told[]) => void,
  ): void {
    this.take = take;
    this.failure = undefined;
    const sql = `SELECT tell(${columns.join(", ")}) ${rows.text}`;
    const told = this.row(sql, ...values, ...rows.values);
    const failure = this.failure as { reason: unknown } | undefined;
    if (failure) throw failure.reason;
    if (!told) throw new LogPulseError("bug", "a statement that tells rows has ended without an answer");
  }

  /** What `tellAll` has put into a statement. */
  tell(row: readonly Told[]): void {
    this.take(row);
  }

  /** A function that a statement calls has thrown that: kept for `tellAll`. The same again, to be thrown. */
  failed(reason: unknown): unknown {
    this.failure ??= { reason };
    return reason;
  }

  /** A condition of statements over a day's records, which looks into each record. */
  recordTest(condition: Condition): SqlCondition {
    return this.tests.add(condition);
  }

  /** For work that is not SQL: throws where nobody waits for it any more. */
  look(): void {
    this.bound.look();
  }

  /** The same at once, before something in which nothing can look. */
  lookNow(): void {
    this.bound.lookNow();
  }

  /** The same before something that takes as long as so many bytes do. */
  lookAtBytes(bytes: number): void {
    this.bound.lookAtBytes(bytes);
  }

  /** True where the read was ended since its time was up. */
  get isTimeUp(): boolean {
    return this.bound.isTimeUp;
  }

  /** What `recordTest` has put into a statement. */
  meetsTest(test: number, record: Uint8Array, producer: Uint8Array, seq: number): boolean {
    return this.tests.meets(test, record, producer, seq);
  }
}
