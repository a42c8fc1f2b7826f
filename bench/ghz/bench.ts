import { parseArgs } from "node:util";
import { INSTALLATIONS, type InstallationName, startInstallation } from "../installations/start.ts";
import { dataHash } from "../load/bodies.ts";
import { type GhzLoad, type GhzResult, runGhz } from "../load/ghz.ts";
import { ledgerOf } from "../measure/identities.ts";
import { publish, reportHead, table } from "../measure/report.ts";

const CONNECTIONS = 8;
const BATCHES_PER_UPLOAD = 20;

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
  const { calls, records, report: file } = readOptions(args);
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
    ...reportHead(`npm run bench -- ghz --calls ${calls} --records ${records}`, {}),
    dataSha256: LOADS.map(({ load }) => dataHash(load.recordsPerBatch)),
    loads: LOADS,
    found,
    kept,
  };
  publish(report, [tableOf(found)], file);
}

function readOptions(args: string[]): { calls: number; records: number; report: string | undefined } {
  const { values } = parseArgs({
    args,
    options: {
      calls: { type: "string", default: "20000" },
      records: { type: "string", default: "500000" },
      report: { type: "string" },
    },
  });
  const [calls, records] = [Number(values.calls), Number(values.records)];
  if (!(calls >= 1_000 && calls <= 1_000_000)) throw new Error("--calls must be from 1000 to 1000000");
  if (!(records >= 100_000 && records <= 10_000_000)) throw new Error("--records must be from 100000 to 10000000");
  return { calls, records, report: values.report };
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
