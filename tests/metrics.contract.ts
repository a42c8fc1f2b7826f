import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";

const SERIES_MAX = 1_000;
const LINE = /^(?<name>[a-z_][a-z0-9_]*)(?:\{(?<labels>.*)\})? (?<value>[-+.\w]+)$/i;

interface Sample {
  name: string;
  labels: string;
  value: number;
}

/** What Prometheus finds on every process. `missing`: what this mode does not have. */
export function metricsContract(mode: string, start: StartInstallation, missing: readonly string[] = []): void {
  describe(`metrics, ${mode}`, { timeout: 60_000 }, () => {
    let logpulse: Installation;

    beforeAll(async () => {
      logpulse = await start();
      await write([...Array.from({ length: 8 }, (_, at) => record(`/p${at}`)), { message: "x", traceId: "no hex" }]);
      await write([record("/again")]);
      await fetch(`${logpulse.url}/stats?type=traffic`);
      await fetch(`${logpulse.url}/stats?type=traffic`);
    }, 120_000);
    afterAll(() => logpulse.stop());

    const record = (path: string) => ({ service: "s", message: "m", http: { method: "GET", path, status: 200 } });
    const write = async (records: object[]) => {
      const answer = await fetch(`${logpulse.url}/v1/logs:write`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ records }),
      });
      expect(answer.status).toBe(200);
    };
    const pages = async (): Promise<string[]> =>
      Promise.all(
        logpulse.processes.map(async ({ address }) => {
          const answer = await fetch(`http://${address}/metrics`);
          expect([answer.status, answer.headers.get("content-type")]).toEqual([
            200,
            "text/plain; version=0.0.4; charset=utf-8",
          ]);
          return answer.text();
        }),
      );
    /** The sum over all processes of the samples of that name with these labels. @throws Error where there is none. */
    const sum = async (name: string, labels: Record<string, string> = {}): Promise<number> => {
      const found = (await pages())
        .flatMap(samplesOf)
        .filter((sample) => sample.name === name)
        .filter((sample) =>
          Object.entries(labels).every(([label, value]) => sample.labels.includes(`${label}="${value}"`)),
        );
      if (found.length === 0) throw new Error(`no process tells ${name} of ${JSON.stringify(labels)}`);
      return found.reduce((total, { value }) => total + value, 0);
    };

    it("count what came in, and what became of it", async () => {
      const of = (outcome: string) => sum("logpulse_ingest_records_total", { outcome });
      expect([await of("received"), await of("accepted"), await of("rejected"), await of("refused")]).toEqual([
        10, 9, 1, 0,
      ]);
      expect(await sum("logpulse_ingest_rejected_records_total", { field: "trace_id", reason: "malformed" })).toBe(1);
      expect(await sum("logpulse_ingest_records_in_flight")).toBe(0);
      expect(await sum("logpulse_ingest_append_queue_batches")).toBe(0);
      expect(await sum("logpulse_limiter_decisions_total", { decision: "refused" })).toBe(0);
      expect(await sum("logpulse_log_append_seconds_count", { outcome: "ok" })).toBe(2);
    });

    it("count what is stored in each store, and how far it is behind", async () => {
      for (const { name: store } of logpulse.stores) {
        await eventually(
          () => sum("logpulse_store_records_total", { store, outcome: "stored" }),
          (count) => count === 9,
        );
        await eventually(
          () => sum("logpulse_store_settled_seconds_count", { store }),
          (count) => count === 2, // Batches.
        );
        await eventually(
          () => sum("logpulse_store_lag_messages", { store }),
          (count) => count === 0,
        );
        expect(await sum("logpulse_store_behind_seconds", { store })).toBe(0);
        expect(await sum("logpulse_store_troubles_total", { store })).toBe(0);
      }
    });

    it("count calls, and what the cache knew", async () => {
      expect(await sum("logpulse_calls_total", { method: "IngestService/Write", outcome: "ok" })).toBe(2);
      await fetch(`${logpulse.url}/v1/logs:search?query=${encodeURIComponent("nofield:1")}`);
      expect(await sum("logpulse_calls_total", { outcome: "invalid_request" })).toBe(1);
      expect(await sum("logpulse_call_seconds_count", { method: "IngestService/Write" })).toBe(2);
      expect(await sum("logpulse_cache_reads_total", { result: "miss" })).toBeGreaterThanOrEqual(1);
      expect(await sum("logpulse_cache_reads_total", { result: "hit" })).toBeGreaterThanOrEqual(1);
    });

    it("are well formed and few, and those that docs/OPERATING.md describes", async () => {
      const told = new Set<string>();
      for (const page of await pages()) {
        const samples = samplesOf(page);
        expect(samples.length).toBeGreaterThan(20);
        expect(samples.length).toBeLessThan(SERIES_MAX);
        for (const [, name] of page.matchAll(/^# TYPE (logpulse_\S+)/gm)) told.add(name!);
      }
      const ours = [...told].filter((name) => !/^logpulse_(nodejs|process)_/.test(name));
      const operating = readFileSync(join(import.meta.dirname, "..", "docs", "OPERATING.md"), "utf8");
      const described = [...operating.matchAll(/^\| `(logpulse_[a-z_]+)` \|/gm)].map(([, name]) => name!);
      const here = described.filter((name) => !missing.includes(name));
      expect(ours.toSorted()).toEqual(here.toSorted());
    });
  });
}

/** @throws Error for a line that is neither a comment nor a sample. */
function samplesOf(page: string): Sample[] {
  return page
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const { name, labels = "", value } = LINE.exec(line)?.groups ?? {};
      // Node's delay of the event loop is "Nan" where it was not measured yet; Prometheus reads that.
      if (name === undefined || !(Number.isFinite(Number(value)) || value === "Nan"))
        throw new Error(`"${line}" is none`);
      return { name, labels, value: Number(value) };
    });
}
