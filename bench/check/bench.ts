import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BenchUsage } from "../measure/options.ts";
import type { ReportHead } from "../measure/report.ts";
import { table } from "../measure/report.ts";
import { type ComparedRatio, compareRatios } from "./compare-ratios.ts";

const REPORTS = join(import.meta.dirname, "..", "..", "docs", "benchmarks");

/**
 * Runs benchmarks again, each by the command of its committed report, and shows how its ratios to the floors of the same
 * run have changed. `names`: reports of docs/benchmarks without `.json`; none: all that have ratios. Ends with 1 where a
 * ratio has fallen by more than 10 %, or a benchmark has failed; the others go on.
 *
 * @throws BenchUsage: there is no such report.
 */
export async function benchCheck(
  names: readonly string[],
  benchmarks: Readonly<Record<string, (args: string[]) => Promise<void>>>,
): Promise<void> {
  const known = reportNames();
  const usage = `npm run bench -- check [${known.join("|")} ...]`;
  for (const name of names) {
    if (name === "--help") throw new BenchUsage(usage);
    if (!known.includes(name)) throw new BenchUsage(usage, `there is no report ${name} that has ratios`);
  }
  const chosen = names.length > 0 ? names : known;
  const folder = mkdtempSync(join(tmpdir(), "logpulse-bench-check-"));
  try {
    const compared: (ComparedRatio & { report: string })[] = [];
    const failures: string[] = [];
    for (const name of chosen) {
      const committed = reportIn(join(REPORTS, `${name}.json`));
      const file = join(folder, `${name}.json`);
      const [benchmark, ...args] = argumentsOf(committed.command);
      console.error(`${name}: ${committed.command}`);
      try {
        await benchmarks[benchmark!]!([...args, "--report", file]);
        compared.push(...compareRatios(committed, reportIn(file)).map((ratio) => ({ report: name, ...ratio })));
      } catch (err) {
        failures.push(`${name} FAILED: ${err instanceof Error ? err.message : String(err)}`);
      }
    }
    const rows = compared.map(({ report, what, before, now, hasFallen, isWithinSpread }) => {
      const change = `${now >= before ? "+" : ""}${Math.round(100 * (now / before - 1))} %`;
      const chance = isWithinSpread ? ", as low as a round of the committed report" : "";
      return [report, what, before, now, hasFallen ? `${change} FALLEN${chance}` : change];
    });
    console.log(table(["report", "ratio", "committed", "now", "change"], rows));
    for (const failure of failures) console.log(failure);
    if (failures.length > 0 || compared.some(({ hasFallen }) => hasFallen)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Those that have ratios. */
function reportNames(): string[] {
  const names = readdirSync(REPORTS).flatMap((file) => /^(.*)\.json$/.exec(file)?.[1] ?? []);
  return names.filter((name) => Object.keys(reportIn(join(REPORTS, `${name}.json`)).ratios ?? {}).length > 0);
}

function reportIn(file: string): ReportHead {
  return JSON.parse(readFileSync(file, "utf8")) as ReportHead;
}

/** What stands behind "npm run bench --": the benchmark, and its arguments. */
function argumentsOf(command: string): string[] {
  return command
    .split(" ")
    .slice(4)
    .filter((argument) => argument !== "");
}
