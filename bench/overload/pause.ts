import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningServer } from "../../stack/server-process.ts";
import { startInstallation } from "../installations/start.ts";
import { dataHash } from "../load/bodies.ts";
import type { OpenLoad, OpenLoadResult } from "../load/open-load.ts";
import { runScript } from "../measure/child.ts";
import { ledgerOf, requireKeptOnce } from "../measure/identities.ts";
import { choice, readOptions } from "../measure/options.ts";
import { publish, reportHead, table } from "../measure/report.ts";
import { type Used, watched } from "../measure/watched.ts";

const LOAD = join(import.meta.dirname, "..", "load", "open-load.ts");
const MIB_MAX = 286; // 300 MB, of the design.

const OPTIONS = {
  mode: choice("mode", "ingest", ["ingest", "envoy"]),
  recordsPerSecond: { option: "rate", usual: 50_000, min: 100, max: 1_000_000 },
  recordsPerCall: { option: "batch", usual: 100, min: 1, max: 10_000 },
  beforeSeconds: { option: "before", usual: 30, min: 1, max: 300 },
  pausedSeconds: { option: "paused", usual: 60, min: 1, max: 300 },
  afterSeconds: { option: "after", usual: 30, min: 1, max: 300 },
  connections: { option: "connections", usual: 16, min: 1, max: 500 },
  seed: { option: "seed", usual: 1, min: 0, max: 1_000_000 },
};

/**
 * Open loop while Kafka answers nothing for a while (SIGSTOP): what ingest holds meanwhile, what callers are told, and
 * whether everything that was acknowledged is kept.
 */
export async function benchPause(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("overload pause", args, OPTIONS);
  const { installation, kafka, stop } = await startInstallation(options.mode);
  try {
    const { beforeSeconds, pausedSeconds, afterSeconds, recordsPerSecond, recordsPerCall } = options;
    const load: OpenLoad = {
      ...options,
      address: installation.address,
      callsPerSecond: recordsPerSecond / recordsPerCall,
      warmUpSeconds: 0,
      seconds: beforeSeconds + pausedSeconds + afterSeconds,
      patientClients: 0,
    };
    const { result, ...used } = await watched(installation, async () => {
      const loading = runScript<OpenLoadResult>(LOAD, load);
      await Promise.all([loading, paused(kafka!, beforeSeconds, pausedSeconds)]);
      return loading;
    });
    const { acknowledged, patient: _, ...told } = result;
    const report = {
      ...reportHead(command, {}),
      dataSha256: dataHash(recordsPerCall),
      load: options,
      ...told,
      ...used,
      target: { what: "most memory of ingest, MiB", most: MIB_MAX, found: used.memoryMiB.peak },
      kept: requireKeptOnce(ledgerOf(acknowledged, await installation.kept())),
    };
    publish(report, [tableOf({ ...told, ...used })], files.report);
  } finally {
    await stop();
  }
}

async function paused(
  kafka: Pick<RunningServer, "pause" | "resume">,
  beforeSeconds: number,
  pausedSeconds: number,
): Promise<void> {
  await sleep(beforeSeconds * 1_000);
  kafka.pause();
  await sleep(pausedSeconds * 1_000);
  kafka.resume();
}

function tableOf(found: Omit<OpenLoadResult, "acknowledged" | "patient"> & Used): string {
  const { offered, acknowledgedCalls, refused, refusedWithoutWait, waitsMs, unanswered, memoryMiB } = found;
  const codes = Object.entries(refused).map(([code, count]) => `code ${code}: ${count}`);
  return table(
    ["calls", "acknowledged", "refused", "told waits, p50 / max, ms (without)", "no answer", "MiB: begin / peak / end"],
    [
      [
        offered,
        acknowledgedCalls,
        codes.join(", "),
        `${waitsMs.p50} / ${waitsMs.max} (${refusedWithoutWait})`,
        unanswered,
        `${memoryMiB.atStart} / ${memoryMiB.peak} / ${memoryMiB.atEnd}`,
      ],
    ],
  );
}
