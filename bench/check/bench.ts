import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReportHead } from "../measure/report.ts";
import { table } from "../measure/report.ts";
import { type ComparedRatio, compareRatios } from "./compare-ratios.ts";

const REPORTS = join(import.meta.dirname, "..", "..", "docs", "benchmarks");

/**
 * Runs benchmarks again, each by the command of its committed report, and shows how its ratios to the floors of the same
 * run have changed. `names`: of some; none: of all that have ratios. Ends with 1 where one has fallen by more than 10 %.
 */
export async function benchCheck(
  names: readonly string[],
  benchmarks: Readonly<Record<string, (args: string[]) => Promise<void>>>,
): Promise<void> {
  const chosen = names.length > 0 ? names : Object.keys(benchmarks).filter(hasReport);
  for (const name of chosen)
    if (!(name in benchmarks && hasReport(name))) throw new Error(`there is no report of ${name}`);
  const folder = mkdtempSync(join(tmpdir(), "logpulse-bench-check-"));
  try {
    const compared: (ComparedRatio & { benchmark: string })[] = [];
    for (const name of chosen) {
      const committed = reportIn(join(REPORTS, `${name}.json`));
      const file = join(folder, `${name}.json`);
      await benchmarks[name]!([...argumentsOf(committed.command), "--report", file]);
      compared.push(...compareRatios(committed, reportIn(file)).map((ratio) => ({ benchmark: name, ...ratio })));
    }
    const rows = compared.map(({ benchmark, what, before, now, hasFallen }) => {
      const change = `${now >= before ? "+" : ""}${Math.round(100 * (now / before - 1))} %`;
      return [benchmark, what, before, now, hasFallen ? `${change} FALLEN` : change];
    });
    console.log(table(["benchmark", "ratio", "committed", "now", "change"], rows));
    if (compared.some(({ hasFallen }) => hasFallen)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function hasReport(name: string): boolean {
  const file = join(REPORTS, `${name}.json`);
  return existsSync(file) && "ratios" in reportIn(file);
}

function reportIn(file: string): ReportHead {
  return JSON.parse(readFileSync(file, "utf8")) as ReportHead;
}

/** What stands behind "npm run bench -- NAME". */
function argumentsOf(command: string): string[] {
  return command
    .split(" ")
    .slice(5)
    .filter((argument) => argument !== "");
}
