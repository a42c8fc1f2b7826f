import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type FailedRun, markdownOf, seriesOf, withRunsAgain, writeReport } from "./report.ts";
import type { FaultResult } from "./scene/run-fault.ts";

const STORE = {
  ...{ stored: 100, lost: 0, lostBeforeTheLog: 0, skipped: 0, duplicated: 0, phantom: 0, corrupt: 0, fingerprint: 1 },
  ...{ rejectedButStored: 0, droppedButStored: 0, deadLettered: 0, unreadableWithoutLetter: 0, lag: 0 },
  ...{ conflicts: 0, conflictsLost: 0, conflictsDoubled: 0 },
};
const GOOD: FaultResult = {
  ...{ fault: "one", summary: "does this", ok: true, problems: [], seed: 7, seconds: 12.3, notes: { kills: 3 } },
  recovery: { firstAckMs: 1_234, drainedMs: 900, longestSilenceMs: 1 },
  peakMemoryMiB: { ingest: 190, "worker-mysql": 220, "worker-elasticsearch": 260 },
  check: {
    ...{ ok: true, problems: [], samples: [], sent: 100, acked: 100, rejected: 0, maybe: 0, maybeInTheLog: 0 },
    ...{ sends: { all: 4, acked: 3, refused: 0, unknown: 1 }, deadLetters: {}, calls: { Write: 4 } },
    topic: { messages: 4, records: 100, rejected: 0, unreadable: 0 },
    stores: { elasticsearch: STORE, mysql: STORE },
  },
};
const BAD: FaultResult = {
  ...{ ...GOOD, fault: "two", ok: false, problems: ["2 acknowledged records lost in mysql"] },
  check: { ...GOOD.check, ok: false, stores: { elasticsearch: STORE, mysql: { ...STORE, lost: 2 } } },
};
const NONE: FailedRun = { fault: "three", summary: "does that", seed: 7, error: "Kafka did not start" };

describe("the report", () => {
  it("sums up, and bounds the rate of loss where nothing was lost", () => {
    expect(seriesOf("again", "today", [GOOD, GOOD, GOOD])).toMatchObject({
      total: { acked: 300, lost: 0, failedRuns: 0 },
      lossBound: 0.01,
    });
    const bad = seriesOf("again", "today", [GOOD, BAD, NONE]);
    expect(bad).toMatchObject({ total: { acked: 200, lost: 2, failedRuns: 2 } });
    expect(bad.lossBound).toBeUndefined();
  });

  it("has a row for each run, and says what failed", () => {
    const text = markdownOf(seriesOf("npm run x", "today", [GOOD, BAD, NONE]));
    expect(text).toContain(
      "| one | passed | 100 | 100 | 0 | 0 | 0 | 0 | 0 | 4 / 1 | kills 3 | 1.2 s | 0.9 s | 190 / 260 MiB | 12 s | 7 |",
    );
    expect(text).toContain("| two | **FAILED** | 100 | 100 | 2 |");
    expect(text).toContain("| three | **no result** |");
    expect(text).toContain("**two** failed: 2 acknowledged records lost in mysql");
    expect(text).toContain("**three** did not come to its end: Kafka did not start");
    expect(text).not.toContain("3/N");
    expect(markdownOf(seriesOf("npm run x", "today", [GOOD]))).toContain("3/N = 3.0e-2 at 95 % confidence");
  });

  it("takes a run that is made again in place of its first one, and says so", () => {
    const directory = mkdtempSync(join(tmpdir(), "logpulse-report-"));
    try {
      const series = seriesOf("npm run faults -- all", "today", [GOOD, BAD, NONE]);
      expect(withRunsAgain(directory, series)).toBe(series);
      writeReport(directory, series);
      const again = withRunsAgain(
        directory,
        seriesOf("npm run faults -- three", "later", [{ ...GOOD, fault: "three" }]),
      );
      expect(again).toMatchObject({
        command: "npm run faults -- all",
        date: "today",
        again: ["npm run faults -- three"],
      });
      expect(again.runs.map(({ fault }) => fault)).toEqual(["one", "two", "three"]);
      expect(again.total).toMatchObject({ acked: 300, lost: 2, failedRuns: 1 });
      expect(markdownOf(again)).toContain("Made again later: `npm run faults -- three`.");
      expect(withRunsAgain(directory, { ...series, date: "later" }).date).toBe("later");

      const commands = [1, 2].map((seed) => `npm run faults -- two --seed ${seed}`);
      for (const command of commands)
        writeReport(directory, withRunsAgain(directory, seriesOf(command, "later", [BAD])));
      expect(JSON.parse(readFileSync(join(directory, "results.json"), "utf8"))).toMatchObject({ again: [commands[1]] });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
