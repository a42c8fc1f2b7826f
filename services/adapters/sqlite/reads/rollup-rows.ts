import type { SQLInputValue } from "node:sqlite";
import { type Told, toldNumber } from "../../../domain/told.ts";
import type { StatsSelection } from "../../../ports/log-stats.ts";
import type { SeriesCondition } from "../../../ports/stats-cells.ts";
import { canUseHours, hoursOf, type StatsSpans, type StoredHour, spansOf } from "../../../ports/stats-spans.ts";
import { HOUR_STATE } from "../store/hour-tables.ts";
import { type Row, STILL_WANTED, type StoreReader } from "./store-reader.ts";
import { tenantNumber } from "./stored-days.ts";

/** What is asked of the rollups of all days. */
export interface RollupQuestion {
  of: "requests" | "clients";
  selection: StatsSelection;
  /** As `LogStats` has it. */
  stepMinutes: number | undefined;
  /** What conditions and columns need. */
  told: Told;
  conditions: readonly SeriesCondition[];
  /** The columns that are told behind the minute. */
  columns: readonly string[];
}

/**
 * Tells the rows that make up the answer: of whole hours that are summed up one for each hour, of the others one for each
 * minute, and of either with its first minute. What it reads grows with those.
 */
export function forEachRollupRow(
  reader: StoreReader,
  question: RollupQuestion,
  take: (minute: number, row: Row) => void,
): void {
  const { of, selection, stepMinutes, conditions } = question;
  const tenant = tenantNumber(reader, selection.tenant);
  if (tenant === undefined) return;
  const values = conditions.flatMap(valuesOf);
  const tell = ([minute, ...row]: Row) => take(Number(minute), row);
  for (const [day] of reader.rows("SELECT day FROM rollup_days")) {
    const { minutes, hours } = spansOfDay(reader, day as bigint, tenant, selection, stepMinutes);
    const byMinute = selectOf(question, `${minuteTable(question)}_${day}`, "minute", "minute");
    for (const { from, to } of minutes) reader.forEachRow(byMinute, [tenant, from, to, ...values], tell);
    const byHour = selectOf(question, `${hourTable(of)}_${day}`, "hour", "hour * 60");
    const told = of === "requests" ? [toldNumber(question.told)] : [];
    for (const { from, to } of hours) reader.forEachRow(byHour, [tenant, ...told, from, to, ...values], tell);
  }
}

function minuteTable({ of, told }: RollupQuestion): string {
  if (of === "clients") return "rollup_clients";
  return told.service || told.path ? "rollup_series" : "rollup_minutes";
}

function hourTable(of: RollupQuestion["of"]): string {
  return of === "clients" ? "rollup_hour_clients" : "rollup_hour_sums";
}

/** The same text for every span of a table: `time` is the column that a span bounds. */
function selectOf(
  { of, conditions, columns }: RollupQuestion,
  table: string,
  time: "minute" | "hour",
  firstMinute: string,
): string {
  const texts = conditions.map(({ column, values }) => `${column} IN (${values.map(() => "?").join(", ")})`);
  const told = of === "requests" && time === "hour" ? ["told = ?"] : [];
  const where = ["tenant = ?", ...told, `${time} BETWEEN ? AND ?`, ...texts, STILL_WANTED].join(" AND ");
  return `SELECT ${[firstMinute, ...columns].join(", ")} FROM ${table} WHERE ${where}`;
}

/** The minutes and hours of a rollup day whose rows answer. */
function spansOfDay(
  reader: StoreReader,
  day: bigint,
  tenant: bigint,
  selection: StatsSelection,
  stepMinutes: number | undefined,
): StatsSpans {
  const { fromMinute, toMinute } = selection;
  if (!canUseHours(stepMinutes)) return { minutes: [{ from: fromMinute, to: toMinute }], hours: [] };
  const { from, to } = hoursOf(selection);
  const states = reader.eachRow(
    `SELECT hour, state FROM rollup_hour_states_${day}
      WHERE tenant = ? AND hour BETWEEN ? AND ? AND ${STILL_WANTED} ORDER BY hour`,
    tenant,
    from,
    to,
  );
  return spansOf(selection, storedHours(states));
}

function* storedHours(states: Iterable<Row>): Iterable<StoredHour> {
  for (const [hour, state] of states) yield { hour: Number(hour), isSummedUp: Number(state) === HOUR_STATE.summedUp };
}

function valuesOf({ column, values }: SeriesCondition): SQLInputValue[] {
  return values.map((value) => Buffer.from(value, column === "series" ? "hex" : "utf8"));
}
