import { nanosToMs, timestampToNanos } from "../../services/domain/record-time.ts";
import { drawnName, drawnText } from "../terminal/drawn-text.ts";
import { percentText, UNKNOWN_TEXT } from "../terminal/number-text.ts";
import { type TableColumn, tableLines } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { shownDayAndTime } from "../time-text.ts";
import { type FigureTable, knownText, type NumberColumn } from "./figure-columns.ts";
import type { StatsQuestion } from "./read-stats-question.ts";
import { type StatsFigures, type StatsRow, statsRows } from "./stats-rows.ts";

type Shown = Pick<Terminal, "isPlain" | "zone">;

interface StatsColumn<Figures> extends TableColumn {
  text(row: StatsRow<Figures>): string;
}

/**
 * The lines of a table for one answer. For programs (`isPlain`): names and numbers as they are, latencies in milliseconds,
 * shares of 1, nothing where a figure is not known; and where there are other rows, without the last one, of all together.
 */
export function statsTableLines<Figures>(
  answer: StatsFigures<Figures>,
  table: FigureTable<Figures>,
  question: StatsQuestion,
  shown: Shown,
): string[] {
  const places = placeColumns<Figures>(question, shown);
  const columns = [...places, ...figureColumns(table, question, shown)];
  const rows = statsRows(answer, question);
  const told = shown.isPlain && places.length > 0 ? rows.slice(0, -1) : rows;
  const texts = told.map((row) => columns.map(({ text }) => text(row)));
  if (!shown.isPlain && places.length > 0) texts.at(-1)![0] = "all";
  return tableLines(columns, texts, shown.isPlain);
}

function placeColumns<Figures>(question: StatsQuestion, shown: Shown): StatsColumn<Figures>[] {
  const name = (text = "") => (shown.isPlain ? drawnText(text) : drawnName(text));
  const columns: [boolean, StatsColumn<Figures>][] = [
    [question.hasServices, { title: "service", align: "left", text: (row) => name(row.service) }],
    [question.hasPaths, { title: "path", align: "left", text: (row) => name(row.path) }],
    [question.hasTimes, { title: "time", align: "left", text: (row) => timeText(row, shown) }],
  ];
  return columns.filter(([isShown]) => isShown).map(([, column]) => column);
}

function figureColumns<Figures>(
  { columns, compared }: FigureTable<Figures>,
  { hasPrevious }: StatsQuestion,
  { isPlain }: Shown,
): StatsColumn<Figures>[] {
  const unknown = isPlain ? "" : UNKNOWN_TEXT;
  const figures = columns.map(({ title, align, text, plain }) => ({
    title,
    align,
    text: (row: StatsRow<Figures>) => (row.figures ? (isPlain ? plain : text)(row.figures) : unknown),
  }));
  return hasPrevious ? [...figures, ...comparison(compared, isPlain)] : figures;
}

function comparison<Figures>(compared: NumberColumn<Figures>, isPlain: boolean): StatsColumn<Figures>[] {
  const now = ({ figures }: StatsRow<Figures>) => figures && compared.value(figures);
  const before = ({ previous }: StatsRow<Figures>) => previous && compared.value(previous);
  const shown = (value: number | undefined, text: (value: number) => string) =>
    isPlain ? String(value ?? "") : knownText(value, text);
  return [
    { title: `${compared.title} before`, align: "right", text: (row) => shown(before(row), compared.numberText) },
    { title: "change", align: "right", text: (row) => shown(changeOf(now(row), before(row)), changeText) },
  ];
}

/** As a part of what it was before; undefined where there was nothing. */
function changeOf(now: number | undefined, before: number | undefined): number | undefined {
  return now === undefined || !before ? undefined : now / before - 1;
}

function changeText(change: number): string {
  if (change === 0) return "0 %";
  return `${change > 0 ? "+" : "−"}${percentText(Math.abs(change))}`;
}

function timeText({ time }: { time?: StatsRow<unknown>["time"] }, { isPlain, zone }: Shown): string {
  if (time === undefined) return "";
  const ms = nanosToMs(timestampToNanos(time));
  if (isPlain) return new Date(ms).toISOString();
  return shownDayAndTime(ms, zone).slice(0, "2026-03-01 10:42".length); // Pieces are whole minutes.
}
