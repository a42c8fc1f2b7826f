import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Installation } from "../installations/installation.ts";
import { INSTALLATIONS, type InstallationName, startInstallation } from "../installations/start.ts";
import { dataHash } from "../load/bodies.ts";
import { mostCallsPerSecond, SETTLING } from "../load/most.ts";
import type { OpenLoad, OpenLoadResult } from "../load/open-load.ts";
import { runScript } from "../measure/child.ts";
import { allOf, type Identities, ledgerOf, requireKeptOnce } from "../measure/identities.ts";
import { choice, readOptions, type Told } from "../measure/options.ts";
import { publish, reportHead, table } from "../measure/report.ts";
import { type Used, watched } from "../measure/watched.ts";
import { kneeOf } from "./knee.ts";
import { plotSvg } from "./plot.ts";

const LOAD = join(import.meta.dirname, "..", "load", "open-load.ts");
const SHARES = [0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.5]; // Of the most that a closed loop reaches.
const HALF = 0.5;
const P99_AT_HALF_LOAD_MS_MAX = 25; // Of the design.
const SENT_LATE_MS_MAX = 1; // At p99; beyond it the step says more of the load than of the server.

const OPTIONS = {
  mode: choice("mode", "ingest", INSTALLATIONS),
  recordsPerCall: { option: "batch", usual: 100, min: 1, max: 10_000 },
  seconds: { option: "seconds", usual: 15, min: 1, max: 300 },
  settlingSeconds: SETTLING,
  warmUpSeconds: { option: "warm-up", usual: 20, min: 0, max: 60 },
  callsInFlight: { option: "in-flight", usual: 100, min: 1, max: 2_000 },
  connections: { option: "connections", usual: 16, min: 1, max: 200 },
  seed: { option: "seed", usual: 1, min: 0, max: 1_000_000 },
};
type Options = Told<typeof OPTIONS>;

/** One rate and what became of it, in records. */
type Rung = Omit<OpenLoadResult, "acknowledged" | "patient"> &
  Used & {
    share: number;
    recordsPerSecond: number;
    acknowledgedRecordsPerSecond: number;
    failed: number;
    /** The load itself was late: what was measured is worse than what the server does. */
    loadWasLate: boolean;
  };

/** Open loop from a tenth to one and a half of the most that one installation takes: how long acknowledgements take. */
export async function benchLadder(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("ladder", args, OPTIONS, ["plot"]);
  const { installation, stop } = await startInstallation(options.mode);
  try {
    const acknowledged: Identities[] = [];
    const most = await mostCallsPerSecond(installation, options, acknowledged);
    console.error(`closed loop: ${Math.round(most * options.recordsPerCall)} records per second`);
    const rungs: Rung[] = [];
    for (const share of SHARES) rungs.push(await climbed(installation, options, share, share * most, acknowledged));
    const knee = kneeOf(rungs);
    const half = rungs.find(({ share }) => share === HALF)!;
    const report = {
      ...reportHead(command, {}),
      dataSha256: dataHash(options.recordsPerCall),
      load: options,
      closedLoopRecordsPerSecond: Math.round(most * options.recordsPerCall),
      knee: knee && { share: knee.share, recordsPerSecond: knee.recordsPerSecond, p99Ms: knee.acknowledgedMs.p99 },
      target: {
        what: "p99 of acknowledgements at half load, ms",
        most: P99_AT_HALF_LOAD_MS_MAX,
        found: half.acknowledgedMs.p99,
        isMet: half.failed === 0 && half.acknowledgedMs.p99 <= P99_AT_HALF_LOAD_MS_MAX,
      },
      rungs,
      kept: requireKeptOnce(ledgerOf(allOf(acknowledged), await installation.kept())),
    };
    publish(report, [tableOf(rungs), summaryOf(report)], files.report);
    if (files.plot !== undefined) writeFileSync(files.plot, plotOf(options, rungs, knee?.recordsPerSecond));
  } finally {
    await stop();
  }
}

async function climbed(
  installation: Installation,
  options: Options,
  share: number,
  callsPerSecond: number,
  all: Identities[],
): Promise<Rung> {
  const load: OpenLoad = { ...options, address: installation.address, callsPerSecond, patientClients: 0 };
  const { result, ...used } = await watched(installation, () => runScript<OpenLoadResult>(LOAD, load));
  const { acknowledged, patient: _, ...rest } = result;
  all.push(acknowledged);
  await installation.settle();
  const rung: Rung = {
    share,
    recordsPerSecond: Math.round(callsPerSecond * options.recordsPerCall),
    acknowledgedRecordsPerSecond: Math.round(result.acknowledgedCallsPerSecond * options.recordsPerCall),
    failed: result.offered - result.acknowledgedCalls,
    loadWasLate: result.sentLateMs.p99 > SENT_LATE_MS_MAX,
    ...used,
    ...rest,
  };
  console.error(
    `${Math.round(100 * share)} %: p99 ${rung.acknowledgedMs.p99} ms, ${rung.failed} of ${rung.offered} calls failed`,
  );
  return rung;
}

function tableOf(rungs: readonly Rung[]): string {
  return table(
    [
      "% of the most",
      "offered, records/s",
      "acknowledged",
      "failed calls",
      "p50 / p95 / p99 / p99.9 / max, ms",
      "due and unanswered, begin → end",
      "memory, MiB: begin / peak / end",
      "load late at p99, ms",
      "cores: load, and each part",
    ],
    rungs.map((rung) => {
      const { p50, p95, p99, p999, max } = rung.acknowledgedMs;
      const { atBegin, atEnd, isGrowing } = rung.backlog;
      const { atStart, peak, atEnd: memoryAtEnd } = rung.memoryMiB;
      return [
        Math.round(100 * rung.share),
        rung.recordsPerSecond,
        rung.acknowledgedRecordsPerSecond,
        rung.failed === 0 ? 0 : `${rung.failed} of ${rung.offered}`,
        `${p50} / ${p95} / ${p99} / ${p999} / ${max}`,
        `${atBegin} → ${atEnd}${isGrowing ? ", growing" : ""}`,
        `${atStart} / ${peak} / ${memoryAtEnd}`,
        `${rung.sentLateMs.p99}${rung.loadWasLate ? " (late)" : ""}`,
        [rung.loadCores, ...Object.values(rung.cores)].join(", "),
      ];
    }),
  );
}

function summaryOf(report: {
  knee: { recordsPerSecond: number } | undefined;
  target: { what: string; most: number; found: number; isMet: boolean };
}) {
  const { what, most, found, isMet } = report.target;
  const knee = report.knee === undefined ? "no step holds" : `${report.knee.recordsPerSecond} records per second`;
  return `knee: ${knee}\n${what}: ${found} (at most ${most}: ${isMet ? "met" : "NOT MET"})\n`;
}

function plotOf({ mode, recordsPerCall }: Options, rungs: readonly Rung[], knee: number | undefined): string {
  const records = recordsPerCall === 1 ? "one record" : `${recordsPerCall} records`;
  return plotSvg({
    title: `Write of ${records}, ${TITLES[mode]}, open loop`,
    steps: rungs.map(({ recordsPerSecond, acknowledgedMs: { p50, p99 } }) => ({
      recordsPerSecond,
      p50Ms: p50,
      p99Ms: p99,
    })),
    knee,
  });
}

const TITLES: Record<InstallationName, string> = {
  ingest: "one ingest process on Kafka",
  envoy: "one ingest process behind Envoy",
  full: "all roles of the full mode behind Envoy",
  embedded: "embedded mode",
};
