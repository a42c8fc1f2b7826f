import { describe, expect, it } from "vitest";
import { METRIC_VALUES_MAX } from "../domain/limits.ts";
import type { Metric } from "../ports/metrics.ts";
import { makeLogger } from "./logger.ts";
import { ProcessMetrics } from "./process-metrics.ts";

const counter = (name: string, read: Metric["read"], labelNames: string[] = []): Metric => {
  return { name, help: `Help of ${name}.`, kind: "counter", labelNames, read };
};

function metricsWithLog() {
  const lines: string[] = [];
  const metrics = new ProcessMetrics(makeLogger("info", { write: (line: string) => void lines.push(line) }));
  const linesOf = async (name: string) => (await metrics.page()).split("\n").filter((line) => line.includes(name));
  return { metrics, lines, linesOf };
}

describe("the metrics of a process", () => {
  it("are read anew at each look", async () => {
    const { metrics, linesOf } = metricsWithLog();
    let value = 3;
    metrics.add(counter("records_total", () => [{ value }]));
    expect(await linesOf("records_total")).toEqual([
      "# HELP records_total Help of records_total.",
      "# TYPE records_total counter",
      "records_total 3",
    ]);
    value = 5;
    expect(await linesOf("records_total")).toContain("records_total 5");
  });

  it("of one name are those of all parts, added up where their labels are the same", async () => {
    const { metrics, linesOf } = metricsWithLog();
    const of = (store: string, value: number) =>
      counter("stored_total", () => [{ value, labels: { store } }], ["store"]);
    metrics.add(of("a", 1), of("b", 2), of("b", 3));
    expect((await linesOf("stored_total")).slice(2)).toEqual([
      'stored_total{store="a"} 1',
      'stored_total{store="b"} 5',
    ]);
  });

  it("write hostile label values so that no line is torn", async () => {
    const { metrics, linesOf } = metricsWithLog();
    metrics.add(counter("odd_total", () => [{ value: 1, labels: { field: 'a"b\\c\nd 2' } }], ["field"]));
    expect((await linesOf("odd_total")).at(-1)).toBe('odd_total{field="a\\"b\\\\c\\nd 2"} 1');
  });

  it("leave out what cannot be read, say so, and tell the rest", async () => {
    const { metrics, lines, linesOf } = metricsWithLog();
    const tooMany = Array.from({ length: METRIC_VALUES_MAX + 1 }, (_, at) => ({
      value: 1,
      labels: { at: String(at) },
    }));
    metrics.add(
      counter("throwing_total", () => {
        throw new Error("away");
      }),
      counter("rejecting_total", async () => {
        throw new Error("away too");
      }),
      counter("silent_total", () => new Promise(() => {})),
      counter("crowded_total", () => tooMany, ["at"]),
      counter("well_total", () => [{ value: 7 }]),
    );
    const page = await linesOf("_total");
    expect(page).toContain("well_total 7");
    for (const name of ["throwing_total", "rejecting_total", "silent_total", "crowded_total"]) {
      expect(page.filter((line) => line.startsWith(name))).toEqual([]);
      expect(lines.some((line) => line.includes(`"metric":"${name}"`))).toBe(true);
    }
  });

  it("count how long things took", async () => {
    const { metrics, linesOf } = metricsWithLog();
    const times = { name: "took_seconds", help: "How long.", labelNames: ["outcome"] };
    metrics.times(times)(0.02, { outcome: "ok" });
    metrics.times(times)(30, { outcome: "ok" }); // Another part's.
    const lines = await linesOf("took_seconds");
    expect(lines).toContain('took_seconds_bucket{le="0.01",outcome="ok"} 0');
    expect(lines).toContain('took_seconds_bucket{le="0.025",outcome="ok"} 1');
    expect(lines).toContain('took_seconds_bucket{le="+Inf",outcome="ok"} 2');
    expect(lines).toContain('took_seconds_count{outcome="ok"} 2');
  });

  it("tell longer times apart where they are asked to", async () => {
    const { metrics, linesOf } = metricsWithLog();
    metrics.times({ name: "long_seconds", help: "-", labelNames: [], longSeconds: [60, 3_600] })(50, {});
    const counts = await linesOf("long_seconds_bucket");
    expect(counts.slice(-4)).toEqual([
      'long_seconds_bucket{le="10"} 0',
      'long_seconds_bucket{le="60"} 1',
      'long_seconds_bucket{le="3600"} 1',
      'long_seconds_bucket{le="+Inf"} 1',
    ]);
  });

  it("have Node's own beside them", async () => {
    const { linesOf } = metricsWithLog();
    for (const name of ["logpulse_process_resident_memory_bytes", "logpulse_nodejs_eventloop_lag_p99_seconds"]) {
      expect(await linesOf(name)).toHaveLength(3);
    }
  });
});
