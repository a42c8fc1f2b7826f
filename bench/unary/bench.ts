import { join } from "node:path";
import { freePort } from "../../stack/free-port.ts";
import { startEmbedded } from "../installations/embedded.ts";
import { startIngestAndDoor } from "../installations/ingest-and-door.ts";
import type { Installation } from "../installations/installation.ts";
import { dataHash } from "../load/bodies.ts";
import { type GhzResult, runGhz } from "../load/ghz.ts";
import type { UnaryLoad, UnaryLoadResult } from "../load/unary-load.ts";
import { type CallRound, callTable, countedRound, summaryOf } from "../measure/call-rounds.ts";
import { endChild, runScript, startScript } from "../measure/child.ts";
import { allOf, type Identities, type Ledger, ledgerOf, requireKeptOnce } from "../measure/identities.ts";
import { readOptions, type Told } from "../measure/options.ts";
import { ProcessFigures } from "../measure/process-figures.ts";
import { publish, type Ratio, reportHead, table } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { ratios } from "../measure/spread.ts";

const LOAD = join(import.meta.dirname, "..", "load", "unary-load.ts");
const FLOOR = join(import.meta.dirname, "..", "floors", "pass-through-server.ts");
const WARM_UPS = 2;
const RECORDS_PER_CALL = [1, 100];
const TARGET = 0.5; // Of the design, for one record by a direct call.

const OPTIONS = {
  seconds: { option: "seconds", usual: 5, min: 1, max: 60 },
  rounds: { option: "rounds", usual: 5, min: 1, max: 50 },
  callsInFlight: { option: "in-flight", usual: 100, min: 1, max: 2_000 },
  connections: { option: "connections", usual: 8, min: 1, max: 100 },
  ghzCalls: { option: "ghz-calls", usual: 20_000, min: 100, max: 1_000_000 },
};
type Options = Told<typeof OPTIONS>;

/** What one table is of. */
interface Part {
  recordsPerCall: number;
  sides: Side<CallRound>[];
  found: Map<string, CallRound[]>;
  ghz: ({ name: string } & GhzResult)[];
}

/** `Write`, call by call, in all modes beside a grpc-js server that gives each message back; and the same by ghz. */
export async function benchUnary(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("unary", args, OPTIONS);
  const started = [await startIngestAndDoor(), await startEmbedded()];
  const floorPort = await freePort();
  const floor = await startScript(FLOOR, [String(floorPort)]);
  try {
    const installations = started.flatMap((one) => one.installations);
    const acknowledged = new Map(installations.map(({ name }) => [name, [] as Identities[]]));
    const parts: Part[] = [];
    for (const recordsPerCall of RECORDS_PER_CALL) {
      const load = { ...options, recordsPerCall };
      const sides = [
        echoSide(new ProcessFigures(floor.pid!), `127.0.0.1:${floorPort}`, load),
        ...installations.map((installation) => side(installation, load, acknowledged.get(installation.name)!)),
      ];
      const found = await roundsOf(recordsPerCall, sides, options.rounds);
      parts.push({ recordsPerCall, sides, found, ghz: await ghzOf(installations, load) });
    }
    const ledgers = await ledgersOf(installations, acknowledged, options.ghzCalls);
    const report = {
      ...reportHead(command, Object.assign({}, ...parts.map(ratiosOf))),
      dataSha256: Object.fromEntries(RECORDS_PER_CALL.map((records) => [records, dataHash(records)])),
      load: options,
      tables: parts.map(({ recordsPerCall, found, ghz }) => ({
        recordsPerCall,
        sides: [...found].map(([name, rounds]) => ({ name, ...summaryOf(rounds) })),
        ghz,
      })),
      kept: ledgers,
    };
    publish(report, parts.flatMap(tablesOf), files.report);
  } finally {
    await endChild(floor);
    for (const one of started) await one.stop();
  }
}

/** Warmed up, and then in turns. */
async function roundsOf(
  recordsPerCall: number,
  sides: Side<CallRound>[],
  rounds: number,
): Promise<Map<string, CallRound[]>> {
  for (let turn = 0; turn < WARM_UPS; turn++) for (const each of sides) await each.round();
  return interleaved(sides, rounds, (name, { callsPerCpuSecond, callsPerSecond }) =>
    console.error(
      `${name}, ${recordsPerCall} a call: ${callsPerCpuSecond} per CPU-second, ${callsPerSecond} per second`,
    ),
  );
}

type Load = Options & { recordsPerCall: number };

function echoSide(figures: ProcessFigures, address: string, load: Load): Side<CallRound> {
  const counted = () => ({ echo: figures.cpuSeconds() });
  return {
    name: "echo",
    round: async () => (await countedRound(counted, () => runLoad({ ...load, address, isEcho: true }))).round,
  };
}

function side(installation: Installation, load: Load, acknowledged: Identities[]): Side<CallRound> {
  const { name, address } = installation;
  return {
    name,
    async round() {
      const { made, round } = await countedRound(installation.cpuSeconds, () =>
        runLoad({ ...load, address, isEcho: false }),
      );
      acknowledged.push(made.acknowledged);
      await installation.settle();
      return round;
    },
  };
}

/** @throws Error: a call failed, which none does that waits for the one before it. */
async function runLoad(load: UnaryLoad): Promise<UnaryLoadResult> {
  const result = await runScript<UnaryLoadResult>(LOAD, load);
  if (Object.keys(result.failed).length > 0) throw new Error(`calls failed, by code: ${JSON.stringify(result.failed)}`);
  return result;
}

async function ghzOf(installations: readonly Installation[], load: Load): Promise<Part["ghz"]> {
  const found: Part["ghz"] = [];
  for (const { name, address, settle } of installations) {
    found.push({
      name,
      ...(await runGhz(address, { ...load, recordsPerBatch: load.recordsPerCall, calls: load.ghzCalls })),
    });
    await settle();
  }
  return found;
}

/** What was acknowledged beside what is kept, for each log. Those of ghz have identities that the server drew. */
async function ledgersOf(
  installations: readonly Installation[],
  acknowledged: ReadonlyMap<string, Identities[]>,
  ghzCalls: number,
): Promise<Record<string, Ledger & { byGhz: number }>> {
  const perGhz = RECORDS_PER_CALL.reduce((sum, records) => sum + records * ghzCalls, 0);
  const logs = [["ingest", "envoy"], ["embedded"]]; // Installations that share one.
  const ledgers: Record<string, Ledger & { byGhz: number }> = {};
  for (const names of logs) {
    const kept = await installations.find(({ name }) => name === names[0])!.kept();
    const ledger = requireKeptOnce(ledgerOf(allOf(names.flatMap((name) => acknowledged.get(name)!)), kept));
    const byGhz = perGhz * names.length;
    if (ledger.keptOnly !== byGhz) throw new Error(`${ledger.keptOnly} records are kept of ${byGhz} that ghz sent`);
    ledgers[names.join(", ")] = { ...ledger, byGhz };
  }
  return ledgers;
}

function ratiosOf({ recordsPerCall, found }: Part): Record<string, Ratio> {
  const perCpu = (name: string) => found.get(name)!.map(({ callsPerCpuSecond }) => callsPerCpuSecond);
  const names = [...found.keys()].filter((name) => name !== "echo");
  return Object.fromEntries(
    names.map((name) => [
      `${name}Of${recordsPerCall}ToEcho`,
      {
        what: `Write of ${recordsPerCall}, ${WHAT[name]} / bare grpc-js echo, calls per CPU-second`,
        ...(recordsPerCall === 1 && name === "ingest" ? { target: TARGET } : {}),
        ...ratios(perCpu(name), perCpu("echo")),
      },
    ]),
  );
}

const WHAT: Record<string, string> = {
  ingest: "ingest on Kafka",
  envoy: "the same through Envoy (both processes)",
  embedded: "embedded (without its threads that store)",
};

function tablesOf({ recordsPerCall, found, ghz }: Part): string[] {
  const records = recordsPerCall === 1 ? "one record a call" : `${recordsPerCall} records a call`;
  return [
    callTable(records, found),
    table(
      [`the same by ghz, ${records}`, "calls per second", "p50 / p99, ms"],
      ghz.map(({ name, callsPerSecond, p50Ms, p99Ms }) => [name, callsPerSecond, `${p50Ms} / ${p99Ms}`]),
    ),
  ];
}
