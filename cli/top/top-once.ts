import { drawnText } from "../terminal/drawn-text.ts";
import { fullCountText } from "../terminal/number-text.ts";
import { tableLines } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { briefTime } from "../time-text.ts";
import { columnTitle, sortedGroups, topColumns } from "./top-columns.ts";
import type { TopFigures, TopLook } from "./top-figures.ts";
import type { TopSettings } from "./top-settings.ts";

/** One look as a table, or as one object with --json. */
export async function printOnce(look: TopLook, settings: TopSettings, terminal: Terminal): Promise<void> {
  const columns = topColumns(settings.by);
  const groups = sortedGroups(look.groups, columns.find(({ key }) => key === settings.sort)!, false);
  if (terminal.isJson) {
    await terminal.print(JSON.stringify(lookObject({ ...look, groups }, settings)));
    return;
  }
  const plain = (value: string | number | undefined) =>
    typeof value === "string" ? drawnText(value) : String(value ?? "");
  const rows = groups.map((group) =>
    columns.map(({ value, text }) => (terminal.isPlain ? plain(value(group)) : text(group))),
  );
  const titled = columns.map((column) => ({ ...column, title: columnTitle(column, look) }));
  for (const line of tableLines(titled, rows, terminal.isPlain)) await terminal.print(line);
  sayCoverage(look, settings, terminal);
}

function sayCoverage(look: TopLook, { by }: TopSettings, terminal: Terminal): void {
  const shown = (ms: number) => briefTime(ms, look.atMs, terminal.zone);
  const complete = look.completeToMs === undefined ? "" : `; complete to ${shown(look.completeToMs)}`;
  const rates = look.areRatesAtLeast ? "; there may be more" : "";
  terminal.say(`-- ${fullCountText(look.all.requests)} requests since ${shown(look.fromMs)}${complete}${rates}`);
  if (look.groupsTotal > look.groups.length) {
    terminal.say(`-- the ${fullCountText(look.groups.length)} busiest of ${fullCountText(look.groupsTotal)} ${by}s`);
  }
}

function lookObject(look: TopLook, { by }: TopSettings) {
  const { atMs, fromMs, completeToMs, areRatesAtLeast, all, groups, groupsTotal } = look;
  return {
    time: timeText(atMs),
    startTime: timeText(fromMs),
    watermark: completeToMs === undefined ? undefined : timeText(completeToMs),
    ratesAreAtLeast: areRatesAtLeast,
    all: figuresObject(all),
    groups: groups.map(({ name, ...figures }) => ({ [by]: name, ...figuresObject(figures) })),
    groupsTotal,
  };
}

function figuresObject({ rate, p50, p99, max, addresses, ...same }: TopFigures) {
  return { ...same, requestsPerSecond: rate, p50Ms: p50, p99Ms: p99, maxMs: max, uniqueIps: addresses };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
