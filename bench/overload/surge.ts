import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Installation } from "../installations/installation.ts";
import { type InstallationName, installationName, startInstallation } from "../installations/start.ts";
import { dataHash } from "../load/bodies.ts";
import { mostCallsPerSecond } from "../load/most.ts";
import type { OpenLoad, OpenLoadResult } from "../load/open-load.ts";
import { runScript } from "../measure/child.ts";
import { allOf, type Identities, ledgerOf, requireKeptOnce } from "../measure/identities.ts";
import { publish, type Ratio, reportHead, table } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { ratios } from "../measure/spread.ts";
import { type Used, watched } from "../measure/watched.ts";

const LOAD = join(import.meta.dirname, "..", "load", "open-load.ts");
const SHARES = [1, 1.5, 2, 3]; // Of the most that a closed loop reaches.
const TARGET = 0.9;

interface Options {
  mode: InstallationName;
  recordsPerCall: number;
  seconds: number;
  warmUpSeconds: number;
  rounds: number;
  callsInFlight: number;
  connections: number;
  patientClients: number;
  seed: number;
}

/** One rate and what became of it, in records. */
type Surge = Omit<OpenLoadResult, "acknowledged"> &
  Used & {
    offeredRecordsPerSecond: number;
    goodputRecordsPerSecond: number;
    /** Calls that were refused or never answered. */
    failed: number;
  };

/** Open loop at 100, 150, 200 and 300 % of the most: what is still acknowledged, what refusals say, and whether all is kept. */
export async function benchSurge(args: string[]): Promise<void> {
  const { options, report: file } = readOptions(args);
  const { installation, stop } = await startInstallation(options.mode);
  try {
    const acknowledged: Identities[] = [];
    const most = await mostCallsPerSecond(installation, options, acknowledged);
    console.error(`closed loop: ${Math.round(most * options.recordsPerCall)} records per second`);
    const sides = SHARES.map((share) => sideOf(installation, options, share, most, acknowledged));
    const found = await interleaved(sides, options.rounds, (name, surge) =>
      console.error(`${name}: ${cellsOf(surge).join(" | ")}`),
    );
    const report = {
      ...reportHead(commandOf(options), ratiosOf(found)),
      dataSha256: dataHash(options.recordsPerCall),
      load: options,
      closedLoopRecordsPerSecond: Math.round(most * options.recordsPerCall),
      rates: Object.fromEntries(found),
      kept: requireKeptOnce(ledgerOf(allOf(acknowledged), await installation.kept())),
    };
    publish(report, [tableOf(found), keptLine(report.kept)], file);
  } finally {
    await stop();
  }
}

function readOptions(args: string[]): { options: Options; report: string | undefined } {
  const { values } = parseArgs({
    args,
    options: {
      mode: { type: "string", default: "ingest" },
      batch: { type: "string", default: "100" },
      seconds: { type: "string", default: "20" },
      "warm-up": { type: "string", default: "8" },
      rounds: { type: "string", default: "2" },
      "in-flight": { type: "string", default: "100" },
      connections: { type: "string", default: "64" },
      patient: { type: "string", default: "8" },
      seed: { type: "string", default: "1" },
      report: { type: "string" },
    },
  });
  const options: Options = {
    mode: installationName(values.mode),
    recordsPerCall: Number(values.batch),
    seconds: Number(values.seconds),
    warmUpSeconds: Number(values["warm-up"]),
    rounds: Number(values.rounds),
    callsInFlight: Number(values["in-flight"]),
    connections: Number(values.connections),
    patientClients: Number(values.patient),
    seed: Number(values.seed),
  };
  const { recordsPerCall, seconds, warmUpSeconds, rounds, callsInFlight, connections, patientClients, seed } = options;
  if (!(recordsPerCall >= 1 && recordsPerCall <= 10_000)) throw new Error("--batch must be from 1 to 10000");
  if (!(seconds >= 1 && seconds <= 300)) throw new Error("--seconds must be from 1 to 300");
  if (!(warmUpSeconds >= 0 && warmUpSeconds <= 60)) throw new Error("--warm-up must be from 0 to 60");
  if (!(rounds >= 1 && rounds <= 20)) throw new Error("--rounds must be from 1 to 20");
  if (!(callsInFlight >= 1 && callsInFlight <= 2_000)) throw new Error("--in-flight must be from 1 to 2000");
  if (!(connections >= 1 && connections <= 500)) throw new Error("--connections must be from 1 to 500");
  if (!(patientClients >= 0 && patientClients <= 100)) throw new Error("--patient must be from 0 to 100");
  if (!Number.isInteger(seed)) throw new Error("--seed must be a whole number");
  return { options, report: values.report };
}

function commandOf(options: Options): string {
  const { mode, recordsPerCall, seconds, warmUpSeconds, rounds, callsInFlight, connections, patientClients, seed } =
    options;
  return (
    `npm run bench -- overload surge --mode ${mode} --batch ${recordsPerCall} --seconds ${seconds} --warm-up ${warmUpSeconds} ` +
    `--rounds ${rounds} --in-flight ${callsInFlight} --connections ${connections} --patient ${patientClients} --seed ${seed}`
  );
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
        goodputRecordsPerSecond: Math.round(result.acknowledgedCallsPerSecond * options.recordsPerCall),
        failed: result.offered - result.acknowledgedCalls,
        ...used,
      };
    },
  };
}

const nameOf = (share: number) => `${Math.round(100 * share)} %`;

function ratiosOf(found: ReadonlyMap<string, Surge[]>): Record<string, Ratio> {
  const goodput = (share: number) =>
    found.get(nameOf(share))!.map(({ goodputRecordsPerSecond }) => goodputRecordsPerSecond);
  return Object.fromEntries(
    SHARES.filter((share) => share !== 1).map((share) => [
      `goodputAt${Math.round(100 * share)}`,
      {
        what: `acknowledged per second at ${nameOf(share)} of the most / at 100 %`,
        target: TARGET,
        ...ratios(goodput(share), goodput(1)),
      },
    ]),
  );
}

function tableOf(found: ReadonlyMap<string, Surge[]>): string {
  return table(
    [
      "of the most",
      "offered, records/s",
      "acknowledged",
      "failed calls",
      "told waits, p50 / max, ms (without)",
      "p50 / p99 / max, ms",
      "in flight, begin → end",
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
