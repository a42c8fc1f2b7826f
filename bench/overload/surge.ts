import { join } from "node:path";
import type { Installation } from "../installations/installation.ts";
import { INSTALLATIONS, startInstallation } from "../installations/start.ts";
import { dataHash } from "../load/bodies.ts";
import { mostCallsPerSecond, SETTLING } from "../load/most.ts";
import type { OpenLoad, OpenLoadResult } from "../load/open-load.ts";
import { runScript } from "../measure/child.ts";
import { allOf, type Identities, ledgerOf, requireKeptOnce } from "../measure/identities.ts";
import { choice, readOptions, type Told } from "../measure/options.ts";
import { publish, type Ratio, reportHead, table } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { ratios } from "../measure/spread.ts";
import { type Used, watched } from "../measure/watched.ts";

const LOAD = join(import.meta.dirname, "..", "load", "open-load.ts");
const SHARES = [1, 1.5, 2, 3]; // Of the most that a closed loop reaches.
const TARGET = 0.9;

const OPTIONS = {
  mode: choice("mode", "ingest", INSTALLATIONS),
  recordsPerCall: { option: "batch", usual: 100, min: 1, max: 10_000 },
  seconds: { option: "seconds", usual: 20, min: 1, max: 300 },
  settlingSeconds: SETTLING,
  warmUpSeconds: { option: "warm-up", usual: 8, min: 0, max: 60 },
  rounds: { option: "rounds", usual: 2, min: 1, max: 20 },
  callsInFlight: { option: "in-flight", usual: 100, min: 1, max: 2_000 },
  connections: { option: "connections", usual: 64, min: 1, max: 500 },
  patientClients: { option: "patient", usual: 8, min: 0, max: 100 },
  seed: { option: "seed", usual: 1, min: 0, max: 1_000_000 },
};
type Options = Told<typeof OPTIONS>;

/** One rate and what became of it, in records. */
type Surge = Omit<OpenLoadResult, "acknowledged"> &
  Used & {
    offeredRecordsPerSecond: number;
    /** What the load had the CPU to send of that. */
    sentRecordsPerSecond: number;
    goodputRecordsPerSecond: number;
    /** Calls that were refused or never answered. */
    failed: number;
  };

/** Open loop at 100, 150, 200 and 300 % of the most: what is still acknowledged, what refusals say, and whether all is kept. */
export async function benchSurge(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("overload surge", args, OPTIONS);
  const { installation, stop } = await startInstallation(options.mode);
  try {
    const acknowledged: Identities[] = [];
    const most = await mostCallsPerSecond(installation, options, acknowledged);
    console.error(`closed loop: ${Math.round(most * options.recordsPerCall)} records per second`);
    const sides = SHARES.map((share) => sideOf(installation, options, share, most, acknowledged));
    const found = await interleaved(sides, options.rounds, (name, surge) =>
      console.error(`${name}: ${cellsOf(surge).join(" | ")}`),
    );
    // Again: what had been under load for too short a time at first is faster now.
    const after = await mostCallsPerSecond(installation, { ...options, settlingSeconds: 1 }, acknowledged);
    const closedLoopRecordsPerSecond = [most, after].map((calls) => Math.round(calls * options.recordsPerCall));
    const report = {
      ...reportHead(command, ratiosOf(found, Math.max(...closedLoopRecordsPerSecond))),
      dataSha256: dataHash(options.recordsPerCall),
      load: options,
      closedLoopRecordsPerSecond,
      rates: Object.fromEntries(found),
      kept: requireKeptOnce(ledgerOf(allOf(acknowledged), await installation.kept())),
    };
    publish(report, [tableOf(found), keptLine(report.kept)], files.report);
  } finally {
    await stop();
  }
}

function sideOf(
  installation: Installation,
  options: Options,
  share: number,
  most: number,
  all: Identities[],
): Side<Surge> {
  return {
    name: nameOf(share),
    async round() {
      const load: OpenLoad = { ...options, address: installation.address, callsPerSecond: share * most };
      const { result, ...used } = await watched(installation, () => runScript<OpenLoadResult>(LOAD, load));
      const { acknowledged, ...rest } = result;
      all.push(acknowledged);
      await installation.settle();
      return {
        ...rest,
        offeredRecordsPerSecond: Math.round(load.callsPerSecond * options.recordsPerCall),
        sentRecordsPerSecond: Math.round(result.sentCallsPerSecond * options.recordsPerCall),
        goodputRecordsPerSecond: Math.round(result.acknowledgedCallsPerSecond * options.recordsPerCall),
        failed: result.offered - result.acknowledgedCalls,
        ...used,
      };
    },
  };
}

const nameOf = (share: number) => `${Math.round(100 * share)} %`;

/** Each overload beside what a closed loop got at most, and, round by round, beside an open loop at 100 %. */
function ratiosOf(found: ReadonlyMap<string, Surge[]>, mostRecordsPerSecond: number): Record<string, Ratio> {
  const goodput = (share: number) =>
    found.get(nameOf(share))!.map(({ goodputRecordsPerSecond }) => goodputRecordsPerSecond);
  const overloads = SHARES.filter((share) => share !== 1);
  const besideMost = overloads.map((share) => [
    `goodputOfMostAt${Math.round(100 * share)}`,
    {
      what: `acknowledged per second at ${nameOf(share)} / at most in a closed loop`,
      target: TARGET,
      ...ratios(
        goodput(share),
        goodput(share).map(() => mostRecordsPerSecond),
      ),
    },
  ]);
  const besideOpenLoop = overloads.map((share) => [
    `goodputAt${Math.round(100 * share)}`,
    {
      what: `acknowledged per second at ${nameOf(share)} / in an open loop at 100 %`,
      ...ratios(goodput(share), goodput(1)),
    },
  ]);
  return Object.fromEntries([...besideMost, ...besideOpenLoop]);
}

function tableOf(found: ReadonlyMap<string, Surge[]>): string {
  return table(
    [
      "of the most",
      "due, records/s",
      "sent",
      "acknowledged",
      "failed calls",
      "told waits, p50 / max, ms (without)",
      "p50 / p99 / max, ms",
      "due and unanswered, begin → end",
      "memory, MiB: begin / peak / end",
      "patient clients: batches kept, given up, refusals, most tries",
      "load late at p99, ms",
      "cores: load, and each part",
    ],
    [...found].flatMap(([name, rounds]) => rounds.map((surge) => [name, ...cellsOf(surge)])),
  );
}

function cellsOf(surge: Surge): (string | number)[] {
  const { waitsMs, refusedWithoutWait, acknowledgedMs, backlog, memoryMiB, patient } = surge;
  const codes = Object.entries(surge.refused).map(([code, count]) => `code ${code}: ${count}`);
  const failed = [...codes, ...(surge.unanswered > 0 ? [`no answer: ${surge.unanswered}`] : [])].join(", ");
  return [
    surge.offeredRecordsPerSecond,
    surge.sentRecordsPerSecond,
    surge.goodputRecordsPerSecond,
    surge.failed === 0 ? 0 : `${surge.failed} of ${surge.offered} (${failed})`,
    surge.failed === 0 ? "" : `${waitsMs.p50} / ${waitsMs.max} (${refusedWithoutWait})`,
    `${acknowledgedMs.p50} / ${acknowledgedMs.p99} / ${acknowledgedMs.max}`,
    `${backlog.atBegin} → ${backlog.atEnd}${backlog.isGrowing ? ", growing" : ""}`,
    `${memoryMiB.atStart} / ${memoryMiB.peak} / ${memoryMiB.atEnd}`,
    `${patient.succeeded}, ${patient.gaveUp}, ${patient.refusals}, ${patient.triesMax}`,
    surge.sentLateMs.p99,
    [surge.loadCores, ...Object.values(surge.cores)].join(", "),
  ];
}

function keptLine({ acknowledged, lost, repeated }: { acknowledged: number; lost: number; repeated: number }): string {
  return `${acknowledged} records were acknowledged: ${lost} are lost, ${repeated} are kept more than once\n`;
}
