import { INSTALLATIONS } from "../installations/start.ts";
import { dataHash } from "../load/bodies.ts";
import { SETTLING } from "../load/most.ts";
import { choice, readOptions, type Told } from "../measure/options.ts";
import { publish, type Ratio, reportHead, table } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { type Spread, spread } from "../measure/spread.ts";
import { Contender, HONEST_CLIENTS, HONEST_SHARE, type Round } from "./contender.ts";
import { leastShareKept } from "./least-share-kept.ts";

const GREEDY_TIMES = 20; // Its limit.
const BURST_SECONDS = 2; // What a rested client may send at once, in seconds of its rate.
const ALONE_IN_TIME_MIN = 0.99; // With less, the honest clients alone are more than it takes.
const TARGET = 0.95;

const OPTIONS = {
  mode: choice("mode", "ingest", INSTALLATIONS),
  recordsPerCall: { option: "batch", usual: 20, min: 1, max: 1_000 },
  /** Records a second that each client may send. */
  limit: { option: "limit", usual: 500, min: 1, max: 100_000 },
  seconds: { option: "seconds", usual: 20, min: 1, max: 300 },
  rounds: { option: "rounds", usual: 2, min: 1, max: 20 },
  warmUpSeconds: { option: "warm-up", usual: SETTLING.usual, min: 0, max: 600 },
  seed: { option: "seed", usual: 1, min: 0, max: 1_000_000 },
};
type Options = Told<typeof OPTIONS>;

const ALONE = "without the greedy client";
const BESIDE = "beside it";

/**
 * 63 clients within their limit and one at 20 times its limit, each from its own address: what the 63 keep of their goodput.
 * In turns with the same on an installation that has no limiter, which tells whether there was anything to protect them
 * from: with a `--limit` at which all together are within what it takes, they keep theirs anyway. With one at which the 63
 * alone are too much, nothing can be said, and there is no ratio.
 */
export async function benchFairness(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("overload fairness", args, OPTIONS);
  if (options.limit < options.recordsPerCall) throw new Error("--limit must not be less than --batch");
  const contenders = await startContenders(options);
  try {
    for (const contender of contenders) await contender.warmUp();
    const found = await interleaved(contenders.flatMap(sidesOf), options.rounds, (name, { honest }) =>
      console.error(`${name}: honest p99 ${honest.acknowledgedMs.p99} ms, ${sumOf(honest).inTime} in time`),
    );
    const [limited, unlimited] = contenders.map(({ name }) => measuredOf(found, name));
    const kept = await Promise.all(contenders.map(async (one) => [one.name, await one.kept()] as const));
    const report = {
      ...reportHead(command, ratioOf(limited!)),
      dataSha256: dataHash(options.recordsPerCall),
      load: { ...options, honestClients: HONEST_CLIENTS, honestShare: HONEST_SHARE, greedyTimes: GREEDY_TIMES },
      greedyAdmittedOfLimit: admittedOfLimit(limited!.beside, options),
      limited,
      unlimited,
      kept: Object.fromEntries(kept),
    };
    publish(report, [tableOf(found), summaryOf({ limited: limited!, "no limiter": unlimited! })], files.report);
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/** Rounds with and without the greedy client, each as often. */
interface Measured {
  alone: Round[];
  beside: Round[];
  /** Of the honest clients' calls without the greedy one: 1 where all were acknowledged in time. */
  aloneInTime: Spread;
  /** Undefined where they are too much even alone. */
  leastKept: Spread | undefined;
}

function measuredOf(found: ReadonlyMap<string, Round[]>, name: string): Measured {
  const [alone, beside] = [found.get(`${name}, ${ALONE}`)!, found.get(`${name}, ${BESIDE}`)!];
  const aloneInTime = spread(alone.map(inTimeShare), 3);
  if (aloneInTime.min < ALONE_IN_TIME_MIN) return { alone, beside, aloneInTime, leastKept: undefined };
  const shares = beside.map((round, index) => leastShareKept(round.honest.clients, alone[index]!.honest.clients));
  return { alone, beside, aloneInTime, leastKept: spread(shares, 3) };
}

function inTimeShare({ honest }: Round): number {
  const { inTime, offered } = sumOf(honest);
  return inTime / offered;
}

function ratioOf({ leastKept }: Measured): Record<string, Ratio> {
  return leastKept === undefined ? {} : { honestGoodput: { what: WHAT, target: TARGET, ...leastKept } };
}

const WHAT =
  "the honest client that keeps least: its calls acknowledged within a second, beside the greedy one / without it";

async function startContenders(options: Options): Promise<Contender[]> {
  const limits = {
    LOGPULSE_RATE_LIMIT: "on",
    LOGPULSE_RATE_PER_SECOND: String(options.limit),
    LOGPULSE_RATE_BURST: String(options.limit * BURST_SECONDS),
  };
  const limited = await Contender.start("limited", options, limits);
  try {
    return [limited, await Contender.start("no limiter", options, { LOGPULSE_RATE_LIMIT: "off" })];
  } catch (reason) {
    await limited.stop();
    throw reason;
  }
}

function sidesOf(contender: Contender): Side<Round>[] {
  const { name } = contender;
  return [
    { name: `${name}, ${ALONE}`, round: () => contender.round(0) },
    { name: `${name}, ${BESIDE}`, round: () => contender.round(GREEDY_TIMES) },
  ];
}

function sumOf({ clients }: Round["honest"]): { offered: number; inTime: number } {
  return clients.reduce(
    (sum, { offered, inTimeCalls }) => ({ offered: sum.offered + offered, inTime: sum.inTime + inTimeCalls }),
    { offered: 0, inTime: 0 },
  );
}

/** What the greedy client got, as a share of what its limit and its burst let through. */
function admittedOfLimit(beside: readonly Round[], { recordsPerCall, limit, seconds }: Options): Spread {
  const records = beside.map(({ greedy }) => greedy!.clients[0]!.acknowledgedCalls * recordsPerCall);
  return spread(
    records.map((count) => count / (limit * (seconds + BURST_SECONDS))),
    3,
  );
}

const HEAD = [
  "63 honest clients",
  "their calls acknowledged within a second",
  "after p50 / p99 / max, ms",
  "sent late at p99, ms",
  "the greedy one's",
  "its refusals",
  "told waits, p50 / max, ms (without)",
  "cores: loads, and each part",
];

function tableOf(found: ReadonlyMap<string, Round[]>): string {
  return table(
    HEAD,
    [...found].flatMap(([side, rounds]) => rounds.map((round) => [side, ...cellsOf(round)])),
  );
}

function cellsOf({ honest, greedy, cores }: Round): (string | number)[] {
  const { inTime, offered } = sumOf(honest);
  const { p50, p99, max } = honest.acknowledgedMs;
  const cells = [`${inTime} of ${offered}`, `${p50} / ${p99} / ${max}`, honest.sentLateMs.p99];
  const loads = Number((honest.loadCores + (greedy?.loadCores ?? 0)).toFixed(2));
  const used = [loads, ...Object.values(cores)].join(", ");
  if (greedy === undefined) return [...cells, "", "", "", used];
  const [got] = greedy.clients;
  const refusals = Object.entries(got!.refused).map(([code, count]) => `code ${code}: ${count}`);
  const waits = `${greedy.waitsMs.p50} / ${greedy.waitsMs.max} (${greedy.refusedWithoutWait})`;
  const told = refusals.length === 0 ? "" : waits;
  return [...cells, `${got!.acknowledgedCalls} of ${got!.offered}`, refusals.join(", "), told, used];
}

function summaryOf(contenders: Record<string, Measured>): string {
  const lines = Object.entries(contenders).map(([name, { aloneInTime, leastKept }]) => {
    const kept =
      leastKept === undefined ? "not to be said" : `${leastKept.median} (${leastKept.min} to ${leastKept.max})`;
    return `${name}: in time without the greedy client ${aloneInTime.median}; kept by the one that keeps least ${kept}\n`;
  });
  return lines.join("");
}
