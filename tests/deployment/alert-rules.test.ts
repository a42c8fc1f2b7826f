import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { ERROR_KINDS } from "../../services/domain/errors.ts";
import { IngestCounts } from "../../services/ingest/ingest-counts.ts";
import { NO_COUNTS } from "../../services/ports/log-sink.ts";
import { ingestMetrics } from "../../services/wiring/metrics/ingest-metrics.ts";
import { storeMetrics } from "../../services/wiring/metrics/store-metrics.ts";

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

// As its admin interface tells them: envoy/overload.server.test.ts.
const OF_ENVOY = ["envoy_cluster_upstream_rq_pending_overflow", "envoy_cluster_upstream_rq_active_overflow"];

/** The row of a metric in the tables of docs/OPERATING.md; a histogram has three series. */
function rowOf(metric: string): string | undefined {
  const names = [metric, metric.replace(/_(bucket|count|sum)$/, "")];
  return operating.split("\n").find((line) => names.some((name) => line.startsWith(`| \`${name}\``)));
}

/** What PromQL's own grammar makes of an expression. */
function read(expression: string) {
  let errors = 0;
  const selectors: { metric: string; labels: [string, string][] }[] = [];
  const grouped: string[] = [];
  const textOf = ({ from, to }: { from: number; to: number }) => expression.slice(from, to);
  parser.parse(expression).iterate({
    enter({ type, node }) {
      if (type.isError) errors++;
      if (type.name === "VectorSelector") selectors.push({ metric: textOf(node.firstChild!), labels: [] });
      if (type.name === "GroupingLabels") grouped.push(...node.getChildren("LabelName").map(textOf));
      if (type.name !== "UnquotedLabelMatcher") return;
      const value = textOf(node.getChild("StringLiteral")!).slice(1, -1);
      selectors.at(-1)!.labels.push([textOf(node.getChild("LabelName")!), value]);
    },
  });
  return { errors, selectors, grouped };
}

/** By "metric label": the values that the program counts from its start. */
async function knownValues(): Promise<Map<string, Set<string>>> {
  const counts = new IngestCounts();
  const totals = () => ({
    worker: { ...NO_COUNTS, undecodable: 0, retries: 0 },
    lost: { lostByLogRetention: "0", lostUnknownTimes: 0 },
    retention: { daysDropped: 0, deadLettersForgotten: 0, failures: 0 },
  });
  const known = new Map([
    ["logpulse_calls_total outcome", new Set(["ok", ...Object.keys(ERROR_KINDS)])],
    ["logpulse_call_seconds_bucket method", new Set(IngestService.methods.map(({ name }) => `IngestService/${name}`))],
    ["logpulse_store_behind_seconds store", new Set(["elasticsearch", "mysql", "sqlite"])],
  ]);
  for (const metric of [...ingestMetrics(counts), ...storeMetrics("sqlite", totals)]) {
    for (const { labels = {} } of await metric.read()) {
      for (const [label, value] of Object.entries(labels)) {
        const key = `${metric.name} ${label}`;
        known.set(key, (known.get(key) ?? new Set()).add(value));
      }
    }
  }
  return known;
}

const named = rules.map((rule) => [rule.alert, rule] as const);

describe("the alert rules", () => {
  it("are there, each by a name of its own", () => {
    expect(rules.length).toBeGreaterThanOrEqual(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(named)("%s can be read, and says what to do", (_, rule) => {
    const { errors, selectors } = read(rule.expr);
    expect(errors).toBe(0);
    expect(selectors.length).toBeGreaterThan(0);
    expect(rule.for ?? "1m").toMatch(/^\d+m$/);
    expect(["page", "ticket"]).toContain(rule.labels.severity);
    expect(rule.annotations.summary).toMatch(/\S/);
    expect(rule.annotations.action).toMatch(/\.$/);
  });

  it.each(named)("%s goes by what the program tells", async (_, { expr }) => {
    const known = await knownValues();
    const { selectors, grouped } = read(expr);
    for (const { metric, labels } of selectors) {
      if (metric === "up" || metric.startsWith("logpulse_nodejs_") || OF_ENVOY.includes(metric)) continue;
      const row = rowOf(metric);
      expect([metric, row]).toEqual([metric, expect.any(String)]);
      for (const [label, value] of labels) {
        expect(row).toContain(`\`${label}\``);
        for (const each of value.split("|")) expect([...known.get(`${metric} ${label}`)!]).toContain(each);
      }
    }
    const rows = selectors.map(({ metric }) => rowOf(metric) ?? "").join("\n");
    const labels = grouped.filter((label) => !["le", "envoy_cluster_name", "instance"].includes(label));
    for (const label of labels) expect(rows).toContain(`\`${label}\``);
  });

  it("look back over several looks of docs/prometheus.yml, which has their job, and at least over five minutes", () => {
    const prometheus = parse(readFileSync(join(DOCS, "prometheus.yml"), "utf8"));
    expect(prometheus.rule_files).toEqual(["prometheus-alerts.yml"]);
    expect(prometheus.scrape_configs.map(({ job_name }: { job_name: string }) => job_name)).toContain("logpulse");
    expect(prometheus.global.scrape_interval).toBe("15s");
    const minutes = { m: 1, h: 60, d: 1_440 };
    for (const { alert, expr } of rules) {
      for (const [, count, unit] of expr.matchAll(/\[(\d+)([mhd])\]/g)) {
        expect([alert, Number(count) * minutes[unit as "m"] >= 5]).toEqual([alert, true]);
      }
    }
  });

  it("would not pass if they could not be read", () => {
    expect(read("sum(rate(a_total[5m]) > 0").errors).toBeGreaterThan(0);
    const { selectors, grouped } = read('sum by (store) (a_total{kind=~"x|y"}) > 0');
    expect([selectors, grouped]).toEqual([[{ metric: "a_total", labels: [["kind", "x|y"]] }], ["store"]]);
  });
});
