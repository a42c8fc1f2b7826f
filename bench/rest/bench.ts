import { join } from "node:path";
import { freePort } from "../../stack/free-port.ts";
import { startEmbedded } from "../installations/embedded.ts";
import { startIngestAndDoor } from "../installations/ingest-and-door.ts";
import type { Installation } from "../installations/installation.ts";
import type { HttpLoad, HttpLoadResult } from "../load/http-load.ts";
import { REST_ROUTES, type RestRoute, restDataHash } from "../load/rest-bodies.ts";
import { type CallRound, callTable, countedRound, summaryOf } from "../measure/call-rounds.ts";
import { endChild, runScript, startScript } from "../measure/child.ts";
import { allOf, type Identities, type Ledger, ledgerOf, requireKeptOnce } from "../measure/identities.ts";
import { readOptions, type Told } from "../measure/options.ts";
import { ProcessFigures } from "../measure/process-figures.ts";
import { publish, type Ratio, reportHead } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { ratios } from "../measure/spread.ts";

const LOAD = join(import.meta.dirname, "..", "load", "http-load.ts");
const FLOOR = join(import.meta.dirname, "..", "floors", "http-echo-server.ts");
const WARM_UPS = 2;
const ROUTES = Object.keys(REST_ROUTES) as RestRoute[];

const OPTIONS = {
  seconds: { option: "seconds", usual: 5, min: 1, max: 60 },
  rounds: { option: "rounds", usual: 5, min: 1, max: 50 },
  connections: { option: "connections", usual: 50, min: 1, max: 1_000 },
};
type Options = Told<typeof OPTIONS>;

/** What an installation acknowledged: with identities by `/logs`, without by `/upload`. */
interface Acknowledged {
  identities: Identities[];
  records: number;
}

type Found = Map<RestRoute, Map<string, CallRound[]>>;

/** `POST /logs` and `POST /upload` through Envoy and by the embedded mode's own door, beside a bare HTTP server. */
export async function benchRest(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("rest", args, OPTIONS);
  const started = [await startIngestAndDoor(), await startEmbedded()];
  const floorPort = await freePort();
  const floor = await startScript(FLOOR, [String(floorPort)]);
  try {
    const installations = started.flatMap((one) => one.installations).filter(({ name }) => name !== "ingest");
    const acknowledged = new Map(
      installations.map(({ name }) => [name, { identities: [], records: 0 } as Acknowledged]),
    );
    const found: Found = new Map();
    for (const route of ROUTES) {
      const sides = [
        floorSide(new ProcessFigures(floor.pid!), `127.0.0.1:${floorPort}`, route, options),
        ...installations.map((one) => side(one, route, options, acknowledged.get(one.name)!)),
      ];
      found.set(route, await roundsOf(route, sides, options.rounds));
    }
    const report = {
      ...reportHead(command, ratiosOf(found)),
      dataSha256: Object.fromEntries(ROUTES.map((route) => [route, restDataHash(route)])),
      load: options,
      routes: ROUTES.map((route) => ({
        route,
        recordsPerCall: REST_ROUTES[route],
        sides: [...found.get(route)!].map(([name, rounds]) => ({ name, ...summaryOf(rounds) })),
      })),
      kept: await ledgersOf(installations, acknowledged),
    };
    publish(
      report,
      ROUTES.map((route) => callTable(`POST ${route}`, found.get(route)!)),
      files.report,
    );
  } finally {
    await endChild(floor);
    for (const one of started) await one.stop();
  }
}

/** Warmed up, and then in turns. */
async function roundsOf(route: RestRoute, sides: Side<CallRound>[], rounds: number): Promise<Map<string, CallRound[]>> {
  for (let turn = 0; turn < WARM_UPS; turn++) for (const each of sides) await each.round();
  return interleaved(sides, rounds, (name, { callsPerCpuSecond, callsPerSecond }) =>
    console.error(`${name}, ${route}: ${callsPerCpuSecond} calls per CPU-second, ${callsPerSecond} per second`),
  );
}

function floorSide(figures: ProcessFigures, address: string, route: RestRoute, options: Options): Side<CallRound> {
  const counted = () => ({ floor: figures.cpuSeconds() });
  return {
    name: "bare server",
    round: async () =>
      (await countedRound(counted, () => runLoad({ ...options, address, route, isFloor: true }))).round,
  };
}

function side(installation: Installation, route: RestRoute, options: Options, all: Acknowledged): Side<CallRound> {
  const { name, address } = installation;
  return {
    name,
    async round() {
      const load = { ...options, address, route, isFloor: false };
      const { made, round } = await countedRound(installation.cpuSeconds, () => runLoad(load));
      all.identities.push(made.acknowledged);
      if (route === "/upload") all.records += made.calls * REST_ROUTES[route];
      await installation.settle();
      return round;
    },
  };
}

/** @throws Error: a call failed, which none does that waits for the one before it. */
async function runLoad(load: HttpLoad): Promise<HttpLoadResult> {
  const result = await runScript<HttpLoadResult>(LOAD, load);
  if (Object.keys(result.failed).length > 0)
    throw new Error(`calls failed, by status: ${JSON.stringify(result.failed)}`);
  return result;
}

function ratiosOf(found: Found): Record<string, Ratio> {
  const all: Record<string, Ratio> = {};
  for (const [route, sides] of found) {
    const perCpu = (name: string) => sides.get(name)!.map(({ callsPerCpuSecond }) => callsPerCpuSecond);
    for (const name of Object.keys(WHAT)) {
      all[`${name}${route}`] = {
        what: `POST ${route}, ${WHAT[name]} / bare HTTP server, calls per CPU-second`,
        ...ratios(perCpu(name), perCpu("bare server")),
      };
    }
  }
  return all;
}

const WHAT: Record<string, string> = {
  envoy: "Envoy and ingest on Kafka (both processes)",
  embedded: "embedded (without its threads that store)",
};

/** What was acknowledged beside what is kept. Lines have identities that nobody is told: they are counted. */
async function ledgersOf(
  installations: readonly Installation[],
  acknowledged: ReadonlyMap<string, Acknowledged>,
): Promise<Record<string, Ledger & { lines: number }>> {
  const ledgers: Record<string, Ledger & { lines: number }> = {};
  for (const installation of installations) {
    const { identities, records } = acknowledged.get(installation.name)!;
    const ledger = requireKeptOnce(ledgerOf(allOf(identities), await installation.kept()));
    if (ledger.keptOnly !== records) throw new Error(`${ledger.keptOnly} lines are kept of ${records} acknowledged`);
    ledgers[installation.name] = { ...ledger, lines: records };
  }
  return ledgers;
}
