import { join } from "node:path";
import type { RunningServer } from "../../stack/server-process.ts";
import { startIngest } from "../ingest/ingest-under-test.ts";
import { dataHash } from "../load/bodies.ts";
import type { OpenLoad, OpenLoadResult } from "../load/open-load.ts";
import { runScript } from "../measure/child.ts";
import { allOf, type Identities, type Ledger, ledgerOf } from "../measure/identities.ts";
import { identitiesInTopic } from "../measure/kafka-identities.ts";
import { readOptions, type Told } from "../measure/options.ts";
import type { ProcessFigures } from "../measure/process-figures.ts";
import { publish, reportHead, table } from "../measure/report.ts";
import { type Used, type Watchable, watched } from "../measure/watched.ts";

const LOAD = join(import.meta.dirname, "..", "load", "open-load.ts");
const MIB_MAX = 286; // 300 MB, of the design.

const OPTIONS = {
  recordsPerSecond: { option: "rate", usual: 50_000, min: 100, max: 1_000_000 },
  recordsPerCall: { option: "batch", usual: 100, min: 1, max: 10_000 },
  beforeSeconds: { option: "before", usual: 30, min: 1, max: 300 },
  pausedSeconds: { option: "paused", usual: 60, min: 1, max: 300 },
  afterSeconds: { option: "after", usual: 30, min: 1, max: 300 },
  connections: { option: "connections", usual: 16, min: 1, max: 500 },
  seed: { option: "seed", usual: 1, min: 0, max: 1_000_000 },
};
type Options = Told<typeof OPTIONS>;

/** What became of the calls of one phase, and what ingest held meanwhile. */
type Phase = Omit<OpenLoadResult, "acknowledged" | "patient"> & Used & { name: string };

/**
 * Open loop to one ingest process before, while and after its Kafka answers nothing (SIGSTOP): what it holds, what callers
 * are told, and whether everything that was acknowledged is in the log. What the library sent again on its own may be there
 * twice, which the stores know by identity: that is counted, and no failure.
 */
export async function benchPause(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("overload pause", args, OPTIONS);
  const { ingest, kafka, figures, topic, stop } = await startIngest();
  try {
    const { phases, acknowledged } = await phasesOf(options, ingest.address, kafka, figures);
    const ledger = ledgerOf(allOf(acknowledged), await identitiesInTopic(kafka.address, topic));
    if (ledger.lost > 0) throw new Error(`${ledger.lost} acknowledged records are lost`);
    const memoryMiBMax = Math.round(figures.memoryPeakMiB());
    const report = {
      ...reportHead(command, {}),
      dataSha256: dataHash(options.recordsPerCall),
      load: options,
      phases,
      target: {
        what: "most memory of ingest, MiB",
        most: MIB_MAX,
        found: memoryMiBMax,
        isMet: memoryMiBMax <= MIB_MAX,
      },
      kept: ledger,
    };
    publish(report, [tableOf(report.phases), verdictOf(report)], files.report);
  } finally {
    await stop();
  }
}

/** Before, while and after Kafka stands still. @throws Error: it did not. */
async function phasesOf(
  options: Options,
  address: string,
  kafka: Pick<RunningServer, "pause" | "resume">,
  figures: ProcessFigures,
): Promise<{ phases: Phase[]; acknowledged: Identities[] }> {
  const acknowledged: Identities[] = [];
  const phase = async (name: string, seconds: number, seed: number): Promise<Phase> => {
    const load = loadOf(options, address, seconds, seed);
    const { result, ...used } = await watched(memoryOf(figures), () => runScript<OpenLoadResult>(LOAD, load));
    const { acknowledged: noted, patient: _, ...told } = result;
    acknowledged.push(noted);
    console.error(`${name}: ${told.acknowledgedCalls} of ${told.offered} calls acknowledged`);
    return { name, ...told, ...used };
  };
  const before = await phase("before", options.beforeSeconds, options.seed);
  const paused = await whilePaused(kafka, options.pausedSeconds, () =>
    phase("Kafka stopped", options.pausedSeconds, options.seed + 1),
  );
  const after = await phase("after", options.afterSeconds, options.seed + 2);
  if (paused.acknowledgedCallsPerSecond > before.acknowledgedCallsPerSecond / 2) throw new Error("Kafka did not stop");
  return { phases: [before, paused, after], acknowledged };
}

function loadOf(options: Options, address: string, seconds: number, seed: number): OpenLoad {
  const { recordsPerSecond, recordsPerCall, connections } = options;
  const callsPerSecond = recordsPerSecond / recordsPerCall;
  return { address, connections, recordsPerCall, callsPerSecond, seconds, seed, warmUpSeconds: 0, patientClients: 0 };
}

/** Stops Kafka for so long while `work` runs; it goes on in any case. */
async function whilePaused<Result>(
  kafka: Pick<RunningServer, "pause" | "resume">,
  seconds: number,
  work: () => Promise<Result>,
): Promise<Result> {
  kafka.pause();
  const resuming = setTimeout(() => kafka.resume(), seconds * 1_000);
  try {
    return await work();
  } finally {
    clearTimeout(resuming);
    kafka.resume();
  }
}

/** As `watched` wants it. */
function memoryOf(figures: ProcessFigures): Watchable {
  return { processes: [figures], cpuSeconds: () => ({ ingest: figures.cpuSeconds() }) };
}

function tableOf(phases: readonly Phase[]): string {
  return table(
    [
      "",
      "calls",
      "acknowledged",
      "refused",
      "told waits, p50 / max, ms (without)",
      "no answer",
      "MiB: begin / peak / end",
    ],
    phases.map(({ name, offered, acknowledgedCalls, refused, refusedWithoutWait, waitsMs, unanswered, memoryMiB }) => [
      name,
      offered,
      acknowledgedCalls,
      Object.entries(refused)
        .map(([code, count]) => `code ${code}: ${count}`)
        .join(", "),
      Number.isNaN(waitsMs.p50 ?? Number.NaN) ? "" : `${waitsMs.p50} / ${waitsMs.max} (${refusedWithoutWait})`,
      unanswered,
      `${memoryMiB.atStart} / ${memoryMiB.peak} / ${memoryMiB.atEnd}`,
    ]),
  );
}

function verdictOf({
  target,
  kept,
}: {
  target: { most: number; found: number; isMet: boolean };
  kept: Ledger;
}): string {
  const { most, found, isMet } = target;
  const memory = `most memory of ingest: ${found} MiB (at most ${most}: ${isMet ? "met" : "NOT MET"})`;
  return `${memory}\n${kept.acknowledged} records were acknowledged: ${kept.lost} are lost, ${kept.repeated} are in the log more than once\n`;
}
