import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";
import { logpulse } from "./logpulse-command.ts";

const SECONDS = Number(process.env.GENERATE_SECONDS || 10);
const REQUESTS_PER_SECOND = 100;
const LINES_PER_REQUEST = 100;
const MINUTE_MS = 60_000;
const AFTERWARDS_MS_MAX = 120_000; // For the start, and for stores to catch up.

interface Totals {
  requests: number;
  skipped: number;
  records: number;
  accepted: number;
  rejected: number;
  failed: number;
  unknown: number;
  maybeTwice: number;
  answers: Record<string, number>;
  latencyMs: { p50: number; p99: number; max: number };
}

/**
 * System B's own loop: 100 requests a second of 100 lines to `POST /upload`, for GENERATE_SECONDS (10 unless set), and
 * afterwards its own questions for what became of them.
 */
export function generatorLoopContract(mode: string, start: StartInstallation): void {
  const timeout = SECONDS * 1_000 + 2 * AFTERWARDS_MS_MAX;
  describe(`100 requests a second of 100 lines, for ${SECONDS} s, ${mode}`, { timeout }, () => {
    let installation: Installation;
    let beganMs = 0;
    let totals: Totals;

    const ask = async <Answer>(path: string) => (await (await fetch(installation.url + path)).json()) as Answer;

    beforeAll(async () => {
      installation = await start({ LOGPULSE_STATS_TTL_HOUR_S: "0" }); // What was asked before it began is not an answer.
      beganMs = Date.now();
      const rate = ["--rate", String(REQUESTS_PER_SECOND), "--batch", String(LINES_PER_REQUEST)];
      const args = ["--addr", installation.address, "--via", "rest", ...rate, "--for", `${SECONDS}s`, "--json"];
      const { code, out, err } = await logpulse(["generate", ...args]);
      if (code !== 0) throw new Error(`generate ended with ${code}: ${err}${out}`);
      totals = JSON.parse(out) as Totals;
      console.log(mode, out.trim());
    }, timeout);
    afterAll(() => installation?.stop());

    it("every line is acknowledged", () => {
      const { requests, skipped, records, accepted } = totals;
      expect(totals).toMatchObject({ rejected: 0, failed: 0, unknown: 0, maybeTwice: 0 });
      expect(requests + skipped).toBe(SECONDS * REQUESTS_PER_SECOND);
      expect(records).toBe(requests * LINES_PER_REQUEST);
      expect(accepted).toBe(records);
      // A machine with much else to do falls behind; what it tells of must not be next to nothing.
      expect(requests).toBeGreaterThan((SECONDS * REQUESTS_PER_SECOND) / 10);
    });

    it("every acknowledged line is counted once", async () => {
      const range = `start_time=${isoTime(beganMs - MINUTE_MS)}&end_time=${isoTime(Date.now() + MINUTE_MS)}`;
      const counted = async () => {
        const { coverage, all } = await ask<{ coverage: { recordsCounted: number }; all: { requests: number } }>(
          `/v1/stats/traffic?${range}`,
        );
        expect(coverage.recordsCounted).toBe(all.requests);
        return all.requests;
      };
      expect(await eventually(counted, (count) => count >= totals.accepted, AFTERWARDS_MS_MAX)).toBe(totals.accepted);
    });

    it("every acknowledged line is found once, by system B's list", async () => {
      const found = async () => {
        let total = 0;
        // By the minute: one list over ten minutes would have to count millions.
        for (let fromMs = beganMs - MINUTE_MS; fromMs < Date.now() + MINUTE_MS; fromMs += MINUTE_MS) {
          const range = `from=${isoTime(fromMs)}&to=${isoTime(fromMs + MINUTE_MS - 1)}`;
          total += (await ask<{ meta: { total: number } }>(`/logs?${range}&limit=1`)).meta.total;
        }
        return total;
      };
      expect(await eventually(found, (total) => total >= totals.accepted, AFTERWARDS_MS_MAX)).toBe(totals.accepted);
    });

    it("system B's statistics tell of them", async () => {
      const traffic = await ask<{ data: { total_request: number } }>("/stats?type=traffic&range=hour");
      expect(traffic.data.total_request).toBe(totals.accepted);
      const { data } = await ask<{ data: Record<string, number> }>("/stats?type=errors&range=hour");
      const errors = Object.entries(data).filter(([status]) => Number(status) >= 400);
      const share = errors.reduce((sum, [, count]) => sum + count, 0) / totals.accepted;
      expect(Math.abs(share - 0.06)).toBeLessThan(0.01);
    });
  });
}

/** Whole milliseconds, as records have them: no record lies between two minutes. */
function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
