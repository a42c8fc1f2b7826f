import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findProgram } from "../../stack/installed.ts";

const DOCS = join(import.meta.dirname, "..", "..", "docs");

const promtool = findProgram("promtool");
const isSkipped = promtool === undefined;
if (isSkipped) {
  const message = "SKIPPED: promtool, which evaluates the alert rules, is not installed (Debian: prometheus)";
  if (process.env.CI) throw new Error(message);
  console.warn(message);
}

const CASES = join(import.meta.dirname, "prometheus-alerts.cases.yml");

describe.skipIf(isSkipped)("Prometheus' own tool", { timeout: 60_000 }, () => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(promtool!, args, { encoding: "utf8" });
    return { status, output: stdout + stderr };
  };

  it.each([
    ["reads the alert rules", ["check", "rules", join(DOCS, "prometheus-alerts.yml")]],
    ["reads the configuration", ["check", "config", join(DOCS, "prometheus.yml")]],
    ["finds that alerts fire where they should, and not elsewhere", ["test", "rules", CASES]],
  ])("%s", (_, args) => {
    expect(run(...args)).toMatchObject({ status: 0, output: expect.stringContaining("SUCCESS") });
  });
});
