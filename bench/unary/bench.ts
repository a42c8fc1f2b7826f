import { join } from "node:path";
import { parseArgs } from "node:util";
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
import { ProcessFigures } from "../measure/process-figures.ts";
import { publish, type Ratio, reportHead, table } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { ratios } from "../measure/spread.ts";

const LOAD = join(import.meta.dirname, "..", "load", "unary-load.ts");
const FLOOR = join(import.meta.dirname, "..", "floors", "pass-through-server.ts");
const WARM_UPS = 2;
const RECORDS_PER_CALL = [1, 100];
const TARGET = 0.5; // Of the design, for one record by a direct call.

interface Options {
  seconds: number;
  rounds: number;
  callsInFlight: number;
  connections: number;
  ghzCalls: number;
}

/** What one table is of. */
interface Part {
  recordsPerCall: number;
  sides: Side<CallRound>[];
  found: Map<string, CallRound[]>;
  ghz: ({ name: string } & GhzResult)[];
}

/** `Write`, call by call, in all modes beside a grpc-js server that gives each message back; and the same by ghz. */
export async function benchUnary(args: string[]): Promise<void> {
  const { options, report: file } = readOptions(args);
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
      for (let turn = 0; turn < WARM_UPS; turn++) for (const each of sides) await each.round();
      const found = await interleaved(sides, options.rounds, (name, { callsPerCpuSecond, callsPerSecond }) =>
        console.error(
          `${name}, ${recordsPerCall} a call: ${callsPerCpuSecond} per CPU-second, ${callsPerSecond} per second`,
        ),
      );
      parts.push({ recordsPerCall, sides, found, ghz: await ghzOf(installations, load) });
    }
    const ledgers = await ledgersOf(installations, acknowledged, options.ghzCalls);
    const report = {
      ...reportHead(commandOf(options), Object.assign({}, ...parts.map(ratiosOf))),
      dataSha256: Object.fromEntries(RECORDS_PER_CALL.map((records) => [records, dataHash(records)])),
      load: options,
      tables: parts.map(({ recordsPerCall, found, ghz }) => ({
        recordsPerCall,
        sides: [...found].map(([name, rounds]) => ({ name, ...summaryOf(rounds) })),
        ghz,
      })),
      kept: ledgers,
    };
    publish(report, parts.flatMap(tablesOf), file);
  } finally {
    await endChild(floor);
    for (const one of started) await one.stop();
  }
}

function readOptions(args: string[]): { options: Options; report: string | undefined } {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "5" },
      rounds: { type: "string", default: "5" },
      "in-flight": { type: "string", default: "100" },
      connections: { type: "string", default: "8" },
      "ghz-calls": { type: "string", default: "20000" },
      report: { type: "string" },
    },
  });
  const [seconds, rounds, ghzCalls] = [Number(values.seconds), Number(values.rounds), Number(values["ghz-calls"])];
  const [callsInFlight, connections] = [Number(values["in-flight"]), Number(values.connections)];
  if (!(seconds >= 1 && seconds <= 60)) throw new Error("--seconds must be from 1 to 60");
  if (!(rounds >= 1 && rounds <= 50)) throw new Error("--rounds must be from 1 to 50");
  if (!(callsInFlight >= 1 && callsInFlight <= 2_000)) throw new Error("--in-flight must be from 1 to 2000");
  if (!(connections >= 1 && connections <= 100)) throw new Error("--connections must be from 1 to 100");
  if (!(ghzCalls >= 100 && ghzCalls <= 1_000_000)) throw new Error("--ghz-calls must be from 100 to 1000000");
  return { options: { seconds, rounds, callsInFlight, connections, ghzCalls }, report: values.report };
}

function commandOf({ seconds, rounds, callsInFlight, connections, ghzCalls }: Options): string {
  const options = { seconds, rounds, "in-flight": callsInFlight, connections, "ghz-calls": ghzCalls };
  return `npm run bench -- unary ${Object.entries(options)
    .map(([name, value]) => `--${name} ${value}`)
    .join(" ")}`;
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
