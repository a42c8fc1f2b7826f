import { type Colour, coloured } from "../terminal/colours.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { countText, durationText, fullCountText, percentText, UNKNOWN_TEXT } from "../terminal/number-text.ts";
import { cutToWidth, padded, textWidth } from "../terminal/text-width.ts";
import { shownTime, type Zone } from "../time-text.ts";
import { columnTitle, rateText, type TopColumn } from "./top-columns.ts";
import type { TopGroup, TopLook } from "./top-figures.ts";
import { chosenPlace, shownGroups, type TopView } from "./top-view.ts";

/** Everything that a screen of `top` shows. */
export interface TopScene {
  look: TopLook;
  view: TopView;
  columns: readonly TopColumn[];
  /** host:port of the server. */
  address: string;
  /** How far back is counted, as it is written: "5m". */
  rangeText: string;
  zone: Zone;
  colours: boolean;
  /** What went wrong at the last look; the figures are those of the one before. */
  trouble: string | undefined;
  size: { rows: number; columns: number };
}

const HEAD_LINES = 4;
const FOOT_LINES = 1;
const MARK_WIDTH = 2;
const GAP = "  ";
const NAME_WIDTH_MIN = 10;
const BAD_SHARE = 0.05; // Of server errors: red; a fifth of it: yellow.

const KEYS_LINE = "q quit · / filter · s or 1-9 sort · r reverse · space pause · Enter tail · ? keys";
const HELP = [
  "q, Ctrl-C    quit",
  "↑ ↓ j k      choose a row; also Page Up, Page Down, Home, End",
  "Enter        tail the records of the chosen row",
  "/            filter by a part of the name; Enter keeps it, Esc clears it",
  "s            sort by the next column",
  "1 to 9       sort by that column; the same again turns it round",
  "r            turn the order round",
  "space        pause, and go on",
  "Ctrl-Z       back to the shell; `fg` comes back",
  "",
  "4xx and 5xx are shares of the requests. Percentiles are within 1 %.",
];

/** The lines of the screen: as many as it has rows, none wider than it is (if it has eight columns at least). */
export function drawTop(scene: TopScene): string[] {
  const { size, view } = scene;
  const body = view.hasHelp ? HELP.map((line) => cutToWidth(line, size.columns)) : tableLines(scene);
  const lines = [titleLine(scene), totalLine(scene), stateLine(scene), ...body].slice(0, size.rows - FOOT_LINES);
  while (lines.length < size.rows - FOOT_LINES) lines.push("");
  return [...lines, coloured(cutToWidth(view.hasHelp ? "any key goes back" : KEYS_LINE, size.columns), "dim", scene)];
}

function titleLine({ address, columns, rangeText, look, view, zone, size, colours }: TopScene): string {
  const time = shownTime(look.atMs, look.atMs, zone).slice(0, "10:42:07".length);
  const state = view.isPaused ? `paused at ${time}` : time;
  const text = `logpulse top · ${drawnText(address)} · last ${rangeText} by ${columns[0]!.title} · ${state}`;
  return coloured(cutToWidth(text, size.columns), "bold", { colours });
}

function totalLine({ look, zone, size }: TopScene): string {
  const { rate, clientErrorShare, serverErrorShare, p99 } = look.all;
  const known = (value: number | undefined, text: (value: number) => string) =>
    value === undefined ? UNKNOWN_TEXT : text(value);
  const complete =
    look.completeToMs === undefined
      ? "not known how complete"
      : `complete to ${shownTime(look.completeToMs, look.atMs, zone)}`;
  const shares = `4xx ${known(clientErrorShare, percentText)} · 5xx ${known(serverErrorShare, percentText)}`;
  const rates = `${rate !== undefined && look.areRatesAtLeast ? "≥ " : ""}${known(rate, rateText)} req/s`;
  return cutToWidth(`${rates} · ${shares} · p99 ${known(p99, durationText)} · ${complete}`, size.columns);
}

/** What is wrong, else what is filtered, else what is not shown. */
function stateLine({ trouble, view, look, columns, size, colours }: TopScene): string {
  if (trouble !== undefined) return coloured(cutToWidth(drawnText(trouble), size.columns), "red", { colours });
  if (view.isTyping) return cutToWidth(`/${drawnText(view.filter)}▏  Enter keeps it, Esc clears it`, size.columns);
  const names = `${columns[0]!.title}s`;
  const parts = view.filter === "" ? [] : [`${names} with "${drawnText(view.filter)}"`];
  if (look.groupsTotal > look.groups.length) {
    parts.push(`the ${countText(look.groups.length)} busiest of ${fullCountText(look.groupsTotal)} ${names}`);
  }
  return cutToWidth(parts.join(" · "), size.columns);
}

function tableLines(scene: TopScene): string[] {
  const { look, view, size } = scene;
  const groups = shownGroups(look.groups, scene.columns, view);
  if (groups.length === 0) return ["", cutToWidth(emptyText(scene), size.columns)];
  const room = Math.max(1, size.rows - HEAD_LINES - FOOT_LINES);
  const chosen = chosenPlace(groups, view);
  const first = Math.max(0, Math.min(chosen - Math.floor(room / 2), groups.length - room));
  const shown = groups.slice(first, first + room);
  const columns = laidOut(scene, shown);
  const title = columns.map(({ column, width }) => padded(titleOf(column, scene), width, column.align)).join(GAP);
  const rows = shown.map((group, at) => rowLine(columns, group, first + at === chosen, scene));
  return [cutToWidth(" ".repeat(MARK_WIDTH) + title, size.columns), ...rows];
}

function emptyText({ look, view, columns, rangeText }: TopScene): string {
  if (look.groups.length > 0) return `No ${columns[0]!.title} has "${drawnText(view.filter)}" in its name.`;
  return `No requests in the last ${rangeText}. (Only records with a request are counted: logpulse tail shows all.)`;
}

interface LaidOutColumn {
  column: TopColumn;
  width: number;
}

/** As many columns as there is room for; names take what the others leave. */
function laidOut(scene: TopScene, groups: readonly TopGroup[]): LaidOutColumn[] {
  const { columns, size } = scene;
  const [name, ...numbers] = columns.map((column) => ({
    column,
    width: Math.max(textWidth(titleOf(column, scene)), ...groups.map((group) => textWidth(column.text(group)))),
  }));
  const fitting: LaidOutColumn[] = [];
  let left = size.columns - MARK_WIDTH;
  const nameWidthMin = Math.min(name!.width, NAME_WIDTH_MIN);
  for (const each of numbers) {
    if (left - each.width - GAP.length < nameWidthMin) break;
    left -= each.width + GAP.length;
    fitting.push(each);
  }
  return [{ column: name!.column, width: Math.max(0, Math.min(name!.width, left)) }, ...fitting];
}

function titleOf(column: TopColumn, { view, look }: TopScene): string {
  const title = columnTitle(column, look);
  return column.key === view.sort ? `${view.isReversed ? "▴" : "▾"}${title}` : title;
}

function rowLine(columns: readonly LaidOutColumn[], group: TopGroup, isChosen: boolean, scene: TopScene): string {
  const cells = columns.map(({ column, width }) => {
    const text = padded(cutToWidth(column.text(group), width), width, column.align);
    return coloured(text, colourOf(column, group) ?? (isChosen ? "bold" : undefined), scene);
  });
  return (isChosen ? "> " : "  ") + cells.join(GAP);
}

function colourOf({ key }: TopColumn, { serverErrorShare = 0 }: TopGroup): Colour | undefined {
  if (key !== "errors" || serverErrorShare < BAD_SHARE / 5) return undefined;
  return serverErrorShare < BAD_SHARE ? "yellow" : "red";
}
