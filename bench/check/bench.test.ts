import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { benchCheck } from "./bench.ts";

const REPORTS = join(import.meta.dirname, "..", "..", "docs", "benchmarks");

/** A benchmark that finds what the committed report has. */
const asCommitted = (name: string) => async (args: string[]) =>
  copyFileSync(join(REPORTS, `${name}.json`), args[args.indexOf("--report") + 1]!);

const exitCode = process.exitCode;
afterEach(() => {
  process.exitCode = exitCode;
  vi.restoreAllMocks();
});

/** What is printed, and how the process would end. */
async function checked(benchmarks: Parameters<typeof benchCheck>[1]) {
  vi.spyOn(console, "error").mockReturnValue();
  const log = vi.spyOn(console, "log").mockReturnValue();
  process.exitCode = 0;
  await benchCheck(["embedded", "unary"], benchmarks);
  return { said: log.mock.calls.flat().join("\n"), exitCode: process.exitCode };
}

it("shows ratios that are as they were, and ends well", async () => {
  const { said, exitCode } = await checked({ embedded: asCommitted("embedded"), unary: asCommitted("unary") });
  expect(said).toContain("embedded / bare SQLite and FTS5 loader");
  expect(said).toContain("+0 %");
  expect(said).not.toContain("FALLEN");
  expect(exitCode).toBe(0);
});

it("goes on past a benchmark that fails, shows the others, says which failed and why, and ends with 1", async () => {
  const failing = async () => {
    throw new Error("Kafka did not start");
  };
  const { said, exitCode } = await checked({ embedded: failing, unary: asCommitted("unary") });
  expect(said).toContain("embedded FAILED: Kafka did not start");
  expect(said).not.toContain("bare SQLite");
  expect(said).toContain("| unary |");
  expect(exitCode).toBe(1);
});

it("names the reports that there are where it does not know one", async () => {
  await expect(benchCheck(["unray"], {})).rejects.toThrow(/there is no report unray .*\n\n.*check .*unary/);
});
