import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { StoreResult } from "./checker/check-result.ts";
import type { FaultResult } from "./scene/run-fault.ts";

/** A run of a series: its result, or why there is none. */
export type SeriesEntry = FaultResult | FailedRun;

/** A run that did not come to its end: nothing is known of its records. */
export interface FailedRun {
  fault: string;
  summary: string;
  seed: number;
  error: string;
}

/** A series of runs, as `results.json` has it. */
export interface Series {
  /** How it is done again. */
  command: string;
  /** Commands of runs that were made later and stand in place of the series' own. */
  again?: string[];
  date: string;
  machine: { cpus: number; memoryGiB: number; node: string };
  runs: SeriesEntry[];
  /** Over all runs that came to their end. */
  total: { acked: number; lost: number; duplicated: number; phantom: number; corrupt: number; failedRuns: number };
  /** At 95 %: the most that the share of lost among acknowledged records is, where none was lost. */
  lossBound?: number;
}

/** The sums of a series and what they mean. */
export function seriesOf(command: string, date: string, runs: SeriesEntry[]): Series {
  const results = runs.filter((run) => "check" in run);
  const sum = (of: (result: FaultResult) => number) => results.reduce((all, result) => all + of(result), 0);
  const total = {
    acked: sum(({ check }) => check.acked),
    lost: sum((result) => overStores(result, ({ lost }) => lost)),
    duplicated: sum((result) => overStores(result, ({ duplicated }) => duplicated)),
    phantom: sum((result) => overStores(result, ({ phantom }) => phantom)),
    corrupt: sum((result) => overStores(result, ({ corrupt }) => corrupt)),
    failedRuns: runs.filter((run) => !("check" in run && run.ok)).length,
  };
  const machine = { cpus: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version };
  // The rule of three: with no loss in N, the rate is below 3/N with 95 % confidence.
  const lossBound = total.lost === 0 && total.acked > 0 ? 3 / total.acked : undefined;
  return { command, date, machine, runs, total, lossBound };
}

/**
 * The series of a report with some of its runs in place of those of the same faults; the given one where there is no
 * report yet, or where it has all faults that the report has.
 */
export function withRunsAgain(directory: string, series: Series): Series {
  const file = join(directory, "results.json");
  if (!existsSync(file)) return series;
  const before = JSON.parse(readFileSync(file, "utf8")) as Series;
  const made = new Map(series.runs.map((run) => [run.fault, run]));
  if (before.runs.every(({ fault }) => made.has(fault))) return series;
  const runs = before.runs.map((run) => made.get(run.fault) ?? run);
  const added = series.runs.filter(({ fault }) => !before.runs.some((run) => run.fault === fault));
  // A run that is made again takes the place of its earlier repetition too.
  const others = (before.again ?? []).filter(
    (text) => ![...made.keys()].some((fault) => text.includes(`-- ${fault} `)),
  );
  const again = [...others, series.command];
  return { ...seriesOf(before.command, before.date, [...runs, ...added]), again };
}

/** Writes `results.json` and `results.md`, in place of those that are there. */
export function writeReport(directory: string, series: Series): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "results.json"), `${JSON.stringify(series, null, 2)}\n`);
  writeFileSync(join(directory, "results.md"), markdownOf(series));
}

/** The table for people. */
export function markdownOf({ command, again = [], date, machine, runs, total, lossBound }: Series): string {
  const bound =
    lossBound === undefined
      ? ""
      : ` No loss among them bounds the rate of loss under these faults by 3/N = ${lossBound.toExponential(1)} at 95 % confidence.`;
  return [
    "# Faults: results",
    "",
    `Made by \`${command}\` on ${date}, on ${machine.cpus} CPUs, ${machine.memoryGiB} GiB, Node ${machine.node}.`,
    ...again.map((text) => `Made again later: \`${text}\`.`),
    "",
    `${total.acked} acknowledged records in ${runs.length} runs: ${total.lost} lost, ${total.duplicated} duplicated, ` +
      `${total.phantom} phantom, ${total.corrupt} corrupt, over all stores.${bound} Runs that failed: ${total.failedRuns}.`,
    "",
    `| ${COLUMNS.map(([title]) => title).join(" | ")} |`,
    `|${COLUMNS.map(([, , right]) => (right ? "---:" : "---")).join("|")}|`,
    ...runs.map((run) => `| ${COLUMNS.map(([, cell]) => cellOf(run, cell)).join(" | ")} |`),
    "",
    ...runs.map(({ fault, summary }) => `- **${fault}**: ${summary}.`),
    "",
    ...runs.flatMap(failureLines),
  ].join("\n");
}

function failureLines(run: SeriesEntry): string[] {
  if (!("check" in run)) return [`- **${run.fault}** did not come to its end: ${run.error}`];
  return run.ok ? [] : [`- **${run.fault}** failed: ${[...run.problems, ...run.check.samples].join("; ")}`];
}

const COLUMNS: readonly [title: string, cell: (result: FaultResult) => string | number, right?: true][] = [
  ["fault", ({ fault }) => fault],
  ["result", ({ ok }) => (ok ? "passed" : "**FAILED**")],
  ["records", ({ check }) => check.sent, true],
  ["acked", ({ check }) => check.acked, true],
  ["lost", (result) => overStores(result, ({ lost }) => lost), true],
  ["duplicated", (result) => overStores(result, ({ duplicated }) => duplicated), true],
  ["phantom", (result) => overStores(result, ({ phantom }) => phantom), true],
  ["corrupt", (result) => overStores(result, ({ corrupt }) => corrupt), true],
  ["maybe", ({ check }) => check.maybe, true],
  ["batches sent / without answer", ({ check }) => `${check.sends.all} / ${check.sends.unknown}`, true],
  [
    "the fault",
    ({ notes }) =>
      Object.entries(notes)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
  ],
  ["first ack", ({ recovery }) => secondsText(recovery.firstAckMs), true],
  ["drained", ({ recovery }) => secondsText(recovery.drainedMs), true],
  [
    "peak memory, ingest / worker or embedded",
    ({ peakMemoryMiB }) => `${KINDS.flatMap((kind) => peakOf(peakMemoryMiB, kind) ?? []).join(" / ")} MiB`,
    true,
  ],
  ["took", ({ seconds }) => `${Math.round(seconds)} s`, true],
  ["seed", ({ seed }) => seed, true],
];

function cellOf(run: SeriesEntry, cell: (result: FaultResult) => string | number): string {
  if ("check" in run) return String(cell(run));
  return cell === COLUMNS[0]![1] ? run.fault : cell === COLUMNS[1]![1] ? "**no result**" : "";
}

function overStores({ check }: FaultResult, of: (store: StoreResult) => number): number {
  return Object.values(check.stores).reduce((all, store) => all + of(store), 0);
}

function secondsText(ms: number | undefined): string {
  return ms === undefined ? "" : `${(ms / 1_000).toFixed(1)} s`;
}

const KINDS = ["ingest", "worker", "embedded"];

/** Undefined where there was no process of that kind. */
function peakOf(peaks: Record<string, number>, kind: string): number | undefined {
  const values = Object.entries(peaks).flatMap(([name, mebibytes]) => (name.startsWith(kind) ? [mebibytes] : []));
  return values.length > 0 ? Math.max(...values) : undefined;
}
