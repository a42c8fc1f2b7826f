import { INSTALLATIONS, type InstallationName, startInstallation } from "../installations/start.ts";
import { dataHash } from "../load/bodies.ts";
import { type GhzLoad, type GhzResult, runGhz } from "../load/ghz.ts";
import { ledgerOf } from "../measure/identities.ts";
import { readOptions } from "../measure/options.ts";
import { publish, reportHead, table } from "../measure/report.ts";

const CONNECTIONS = 8;
const BATCHES_PER_UPLOAD = 20;
const OPTIONS = {
  calls: { option: "calls", usual: 20_000, min: 1_000, max: 1_000_000 },
  records: { option: "records", usual: 500_000, min: 100_000, max: 10_000_000 },
};

/** What is sent for `--records` records. Calls in flight as for servers that share two cores with their load. */
const LOADS: { name: string; recordsPerCall: number; load: Omit<GhzLoad, "calls"> }[] = [
  { name: "Write, 1 record", recordsPerCall: 1, load: load(50, 1) },
  { name: "Write, 100 records", recordsPerCall: 100, load: load(50, 100) },
  { name: "Upload, 20 batches of 100", recordsPerCall: 2_000, load: load(20, 100, BATCHES_PER_UPLOAD) },
];

function load(callsInFlight: number, recordsPerBatch: number, batchesPerCall?: number): Omit<GhzLoad, "calls"> {
  return { connections: CONNECTIONS, callsInFlight, recordsPerBatch, batchesPerCall };
}

interface Found extends GhzResult {
  installation: InstallationName;
  call: string;
  recordsPerSecond: number;
}

/**
 * ghz, which is not ours, against every installation: calls of one record and of a hundred, and streams. Each is warmed up
 * by a tenth of it; every record that was sent is counted where it is kept.
 */
export async function benchGhz(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("ghz", args, OPTIONS);
  const { calls, records } = options;
  const found: Found[] = [];
  const kept: Record<string, { sent: number; kept: number; repeated: number }> = {};
  for (const name of INSTALLATIONS) {
    const { installation, stop } = await startInstallation(name);
    try {
      let sent = 0;
      const send = async (load: GhzLoad, recordsPerCall: number) => {
        const result = await runGhz(installation.address, load);
        sent += result.calls * recordsPerCall;
        await installation.settle();
        return result;
      };
      for (const { name: call, recordsPerCall, load } of LOADS) {
        const total = recordsPerCall === 1 ? calls : Math.ceil(records / recordsPerCall);
        await send({ ...load, calls: Math.max(load.callsInFlight, Math.ceil(total / 10)) }, recordsPerCall);
        const result = await send({ ...load, calls: total }, recordsPerCall);
        const recordsPerSecond = result.callsPerSecond * recordsPerCall;
        found.push({ installation: name, call, recordsPerSecond, ...result });
        console.error(`${name}, ${call}: ${result.callsPerSecond} calls per second`);
      }
      kept[name] = { sent, ...requireAllKept(sent, ledgerOf({}, await installation.kept())) };
    } finally {
      await stop();
    }
  }
  const report = {
    ...reportHead(command, {}),
    dataSha256: LOADS.map(({ load }) => dataHash(load.recordsPerBatch)),
    loads: LOADS,
    found,
    kept,
  };
  publish(report, [tableOf(found)], files.report);
}

/** The server drew the identities, so they can only be counted. @throws Error: some are missing, or too many. */
function requireAllKept(
  sent: number,
  { keptOnly, repeated }: { keptOnly: number; repeated: number },
): { kept: number; repeated: number } {
  if (keptOnly !== sent || repeated > 0) throw new Error(`${keptOnly} records are kept of ${sent}, ${repeated} twice`);
  return { kept: keptOnly, repeated };
}

function tableOf(found: readonly Found[]): string {
  const head = ["ghz", "call", "calls per second", "records per second", "p50, ms", "p99, ms"];
  const rows = found.map(({ installation, call, callsPerSecond, recordsPerSecond, p50Ms, p99Ms }) => {
    return [installation, call, callsPerSecond, recordsPerSecond, p50Ms, p99Ms];
  });
  return table(head, rows);
}
