import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const DOCS = join(import.meta.dirname, "..", "..", "docs");

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

const { groups } = parse(readFileSync(join(DOCS, "prometheus-alerts.yml"), "utf8")) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const operating = readFileSync(join(DOCS, "OPERATING.md"), "utf8");

/** The row of a metric in the tables of docs/OPERATING.md; a histogram has three series. */
function rowOf(metric: string): string | undefined {
  const names = [metric, metric.replace(/_(bucket|count|sum)$/, "")];
  return operating.split("\n").find((line) => names.some((name) => line.startsWith(`| \`${name}\``)));
}

/** What PromQL's own grammar makes of an expression. */
function read(expression: string): { errors: number; selectors: { metric: string; labels: [string, string][] }[] } {
  let errors = 0;
  const selectors: { metric: string; labels: [string, string][] }[] = [];
  const textOf = ({ from, to }: { from: number; to: number }) => expression.slice(from, to);
  parser.parse(expression).iterate({
    enter({ type, node }) {
      if (type.isError) errors++;
      if (type.name === "VectorSelector") selectors.push({ metric: textOf(node.firstChild!), labels: [] });
      if (type.name !== "UnquotedLabelMatcher") return;
      const value = textOf(node.getChild("StringLiteral")!).slice(1, -1);
      selectors.at(-1)!.labels.push([textOf(node.getChild("LabelName")!), value]);
    },
  });
  return { errors, selectors };
}

describe("the alert rules", () => {
  it("are there, each by a name of its own", () => {
    expect(rules.length).toBeGreaterThanOrEqual(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))("%s can be read, and says what to do", (_, rule) => {
    const { errors, selectors } = read(rule.expr);
    expect(errors).toBe(0);
    expect(selectors.length).toBeGreaterThan(0);
    expect(rule.for ?? "1m").toMatch(/^\d+m$/);
    expect(["page", "ticket"]).toContain(rule.labels.severity);
    expect(rule.annotations.summary).toMatch(/\S/);
    expect(rule.annotations.action).toMatch(/\.$/);
  });

  it.each(rules.map(({ alert, expr }) => [alert, expr] as const))(
    "%s goes by metrics that are described",
    (_, expr) => {
      for (const { metric, labels } of read(expr).selectors) {
        if (metric === "up" || metric.startsWith("logpulse_nodejs_")) continue;
        const row = rowOf(metric);
        expect([metric, row]).toEqual([metric, expect.any(String)]);
        for (const [label, value] of labels) {
          expect(row).toContain(`\`${label}\``);
          if (label !== "kind" && label !== "outcome") continue;
          expect(`${row} ${operating}`).toContain(value);
        }
      }
    },
  );

  it("would not pass if they could not be read", () => {
    expect(read("sum(rate(a_total[5m]) > 0").errors).toBeGreaterThan(0);
    expect(read('a_total{kind="x"} > 0').selectors).toEqual([{ metric: "a_total", labels: [["kind", "x"]] }]);
  });
});
