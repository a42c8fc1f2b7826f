import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { findProgram, VERSIONS } from "../../stack/installed.ts";
import { SEEDS } from "./seeds.ts";
import type { Spread } from "./spread.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** A figure of ours beside the floor's of the same run: what `npm run bench -- check` holds a new run against. */
export interface Ratio extends Spread {
  /** What is divided by what. */
  what: string;
  /** Of the design; left out where it names none. */
  target?: number;
}

/** What every report begins with. */
export interface ReportHead {
  command: string;
  date: string;
  program: string;
  machine: object;
  versions: Record<string, string>;
  seeds: Record<string, number>;
  loadAverage: number;
  ratios: Record<string, Ratio>;
}

/** The head of a report of now. `ratios` by name. */
export function reportHead(command: string, ratios: Record<string, Ratio>): ReportHead {
  return {
    command,
    date: new Date().toISOString(),
    program: programVersion(),
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${type()} ${release()}`,
    },
    versions: versions(),
    seeds: SEEDS,
    loadAverage: Number(loadavg()[0]!.toFixed(2)),
    ratios,
  };
}

/** Prints the report's tables for people, and writes it where told. */
export function publish(report: ReportHead, tables: readonly string[], file: string | undefined): void {
  const hasRatios = Object.keys(report.ratios).length > 0;
  console.log([...tables, ...(hasRatios ? [ratioTable(report.ratios)] : [])].join("\n"));
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

function ratioTable(ratios: Record<string, Ratio>): string {
  const rows = Object.values(ratios).map(({ what, median, min, max, target }) => [
    what,
    `${median} (${min} to ${max})`,
    target === undefined ? "" : `${target}: ${median >= target ? "met" : "NOT MET"}`,
  ]);
  return table(["ratio", "median (min to max)", "target"], rows);
}

/** A table as Markdown has it. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return `${[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}

/** The commit, and whether anything differs from it. */
function programVersion(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { cwd: ROOT, encoding: "utf8" }).trim();
  } catch {
    return "unknown: no repository";
  }
}

function versions(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const { kafka, elasticsearch, envoy, ghz } = VERSIONS; // They are started from folders that are named by these.
  const programs = Object.entries(SYSTEM_PROGRAMS).map(([name, program]) => [name, toldVersion(program)]);
  return { node: process.version, kafka, elasticsearch, envoy, ghz, ...Object.fromEntries(programs), ...dependencies };
}

/** Of the machine's own: whatever version that has. */
const SYSTEM_PROGRAMS = { java: "java", mariadb: "mariadbd", redis: "redis-server" };

function toldVersion(name: string): string {
  const program = findProgram(name);
  if (program === undefined) return "not installed";
  const told = execFileSync(program, ["--version"], { encoding: "utf8" });
  return /\d+\.\d+\S*/.exec(told)?.[0] ?? told.trim();
}
