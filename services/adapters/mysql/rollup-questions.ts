import type { Connection as CoreConnection } from "mysql2";
import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import type { StatsSelection } from "../../ports/log-stats.ts";
import type { SeriesCondition } from "../../ports/stats-cells.ts";
import { canUseHours, hoursOf, type Span, spansOf } from "../../ports/stats-spans.ts";
import { storedHours } from "./hour-states.ts";

const SPANS_PER_STATEMENT_MAX = 500;

/** Tables of the same sums: by minute, and by hour. */
const TABLES = {
  all: ["rollup_minutes", "rollup_hours"],
  series: ["rollup_series", "rollup_hour_series"],
  clients: ["rollup_clients", "rollup_hour_clients"],
} as const;

/** What is asked of rollups. */
export interface RollupQuestion {
  of: keyof typeof TABLES;
  selection: StatsSelection;
  stepMinutes: number | undefined;
  conditions: readonly SeriesCondition[];
  /** Parts of the program, never of its input. */
  columns: readonly string[];
  groupBy?: string;
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
  const { of, selection, stepMinutes } = question;
  const [byMinute, byHour] = TABLES[of];
  await connection.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); // Of the next transaction only.
  await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
  if (canUseHours(stepMinutes)) {
    const { hours, minutes } = spansOf(selection, await storedHours(connection, selection.tenant, hoursOf(selection)));
    await readSpans(connection, question, { table: byHour, time: "hour", minutesEach: 60 }, hours, take);
    await readSpans(connection, question, { table: byMinute, time: "minute", minutesEach: 1 }, minutes, take);
  } else {
    const all = [{ from: selection.fromMinute, to: selection.toMinute }];
    await readSpans(connection, question, { table: byMinute, time: "minute", minutesEach: 1 }, all, take);
  }
  await connection.query("COMMIT");
}

async function readSpans(
  connection: PoolConnection,
  { selection, conditions, columns, groupBy }: RollupQuestion,
  { table, time, minutesEach }: { table: string; time: string; minutesEach: number },
  spans: readonly Span[],
  take: (row: RowDataPacket) => void,
): Promise<void> {
  // The promise interface gathers all rows; the connection below it, which its types do not show, streams them.
  const core = connection.connection as unknown as CoreConnection;
  const head = `SELECT ${[...columns, ...(groupBy ? [] : [`${time} * ${minutesEach} AS minute`])].join(", ")} FROM ${table}`;
  for (let start = 0; start < spans.length; start += SPANS_PER_STATEMENT_MAX) {
    const some = spans.slice(start, start + SPANS_PER_STATEMENT_MAX);
    const times = some.map(() => `${time} BETWEEN ? AND ?`).join(" OR ");
    const where = ["tenant = ?", `(${times})`, ...conditions.map(({ column }) => `${column} IN (?)`)].join(" AND ");
    const values = [
      Buffer.from(selection.tenant),
      ...some.flatMap(({ from, to }) => [from, to]),
      ...conditions.map(valuesOf),
    ];
    const sql = `${head} WHERE ${where}${groupBy ? ` GROUP BY ${groupBy}` : ""}`;
    for await (const row of core.query(sql, values).stream()) take(row as RowDataPacket);
  }
}

function valuesOf({ column, values }: SeriesCondition): Buffer[] {
  return values.map((value) => Buffer.from(value, column === "series" ? "hex" : "utf8"));
}
