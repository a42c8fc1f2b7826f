import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { type Told, toldNumber } from "../../domain/told.ts";
import type { StatsSelection } from "../../ports/log-stats.ts";
import type { SeriesCondition } from "../../ports/stats-cells.ts";
import { canUseHours, hoursOf, type Span, spansOf } from "../../ports/stats-spans.ts";
import { forEachRow } from "./each-row.ts";
import { storedHours } from "./hour-states.ts";

const SPANS_PER_STATEMENT_MAX = 500;

/** What is asked of rollups. */
export interface RollupQuestion {
  of: "requests" | "clients";
  selection: StatsSelection;
  stepMinutes: number | undefined;
  /** What conditions and columns need. */
  told: Told;
  conditions: readonly SeriesCondition[];
  /** Parts of the program, never of its input. */
  columns: readonly string[];
  groupBy?: string;
}

/** A table of sums. */
interface RollupTable {
  name: string;
  time: "minute" | "hour";
  minutesEach: number;
  /** Where it has rows for each way of telling apart. */
  toldNumber?: number;
}

/**
 * Every row that answers, its time as `minute`: one row at a time, so that memory does not grow with the range. All of one
 * state of the database: an hour may be summed up, or stop being so, at any moment.
 */
export async function forEachRollup(
  connection: PoolConnection,
  question: RollupQuestion,
  take: (row: RowDataPacket) => void,
): Promise<void> {
  const { selection, stepMinutes } = question;
  await connection.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); // Of the next transaction only.
  await connection.query("START TRANSACTION READ ONLY"); // The state is that of the first row that is read.
  if (canUseHours(stepMinutes)) {
    const tables = [hourTable(question).name, minuteTable(question).name];
    const stored = await storedHours(connection, selection.tenant, hoursOf(selection), tables);
    const { hours, minutes } = spansOf(selection, stored);
    await readSpans(connection, question, hourTable(question), hours, take);
    await readSpans(connection, question, minuteTable(question), minutes, take);
  } else {
    const all = [{ from: selection.fromMinute, to: selection.toMinute }];
    await readSpans(connection, question, minuteTable(question), all, take);
  }
  await connection.query("COMMIT");
}

function minuteTable({ of, told }: RollupQuestion): RollupTable {
  const ofRequests = told.service || told.path ? "rollup_series" : "rollup_minutes";
  return { name: of === "clients" ? "rollup_clients" : ofRequests, time: "minute", minutesEach: 1 };
}

function hourTable({ of, told }: RollupQuestion): RollupTable {
  if (of === "clients") return { name: "rollup_hour_clients", time: "hour", minutesEach: 60 };
  return { name: "rollup_hour_sums", time: "hour", minutesEach: 60, toldNumber: toldNumber(told) };
}

async function readSpans(
  connection: PoolConnection,
  { selection, conditions, columns, groupBy }: RollupQuestion,
  { name, time, minutesEach, toldNumber: told }: RollupTable,
  spans: readonly Span[],
  take: (row: RowDataPacket) => void,
): Promise<void> {
  const head = `SELECT ${[...columns, ...(groupBy ? [] : [`${time} * ${minutesEach} AS minute`])].join(", ")} FROM ${name}`;
  for (let start = 0; start < spans.length; start += SPANS_PER_STATEMENT_MAX) {
    const some = spans.slice(start, start + SPANS_PER_STATEMENT_MAX);
    const times = some.map(() => `${time} BETWEEN ? AND ?`).join(" OR ");
    const ofHour = told === undefined ? [] : ["told = ?"];
    const where = ["tenant = ?", ...ofHour, `(${times})`, ...conditions.map(({ column }) => `${column} IN (?)`)].join(
      " AND ",
    );
    const values = [
      Buffer.from(selection.tenant),
      ...(told === undefined ? [] : [told]),
      ...some.flatMap(({ from, to }) => [from, to]),
      ...conditions.map(valuesOf),
    ];
    const sql = `${head} WHERE ${where}${groupBy ? ` GROUP BY ${groupBy}` : ""}`;
    await forEachRow(connection, sql, values, take);
  }
}

function valuesOf({ column, values }: SeriesCondition): Buffer[] {
  return values.map((value) => Buffer.from(value, column === "series" ? "hex" : "utf8"));
}
